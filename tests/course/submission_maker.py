"""Made-up notebooks of lesson 3, honest, broken and hostile, with the outcomes that they must get."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LESSON = "03_patchgan"
EXERCISES = ("3.1", "3.2", "3.3", "3.4", "3.5")
BLANK = json.loads((ROOT / f"lessons/{LESSON}.ipynb").read_text("utf-8"))

RIGHT = {
    "3.1": '''def receptive_field(net):
    field, jump = 1, 1
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            field = field + (layer.kernel_size[0] - 1) * jump
            jump = jump * layer.stride[0]
    return field''',
    "3.2": '''def patch_discriminator(in_channels=3, base_channels=64):
    c = base_channels
    layers = [nn.Conv2d(in_channels, c, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for before, after, stride in ((c, 2 * c, 2), (2 * c, 4 * c, 2), (4 * c, 8 * c, 1)):
        layers.append(nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=False))
        layers.append(nn.BatchNorm2d(after))
        layers.append(nn.LeakyReLU(0.2))
    layers.append(nn.Conv2d(8 * c, 1, 4, padding=1))
    return nn.Sequential(*layers)''',
    "3.3": '''def pairs(L, ab):
    shifted = torch.roll(ab, shifts=1, dims=0)
    return torch.cat((L, ab), dim=1), torch.cat((L, shifted), dim=1)''',
    "3.4": '''def most_fake_patch(logits, side):
    rows, columns = logits.shape[-2:]
    i, j = divmod(int(logits.argmin()), columns)
    top, left = 8 * i - 23, 8 * j - 23
    clip = lambda x: max(0, min(side, x))
    return clip(top), clip(left), clip(top + 70), clip(left + 70)''',
    "3.5": '''def fixed_loss(net, true, wrong):
    logits = net[:-1]
    on_true, on_wrong = logits(true), logits(wrong)
    first = F.binary_cross_entropy_with_logits(on_true, torch.ones_like(on_true))
    second = F.binary_cross_entropy_with_logits(on_wrong, torch.zeros_like(on_wrong))
    return (first + second) / 2''',
}
# Wrong answers: exercise -> code, and a part of the likely cause ("" if no known mistake explains it).
WRONG = {
    "3.1": (RIGHT["3.1"].replace("jump = jump * layer.stride[0]", "pass"), "ignore strides"),
    "3.2": (RIGHT["3.2"].replace(", bias=False", ""), "bias"),
    "3.3": (RIGHT["3.3"].replace("shifts=1", "shifts=-1"), "next image"),
    "3.4": (RIGHT["3.4"].replace("argmin", "argmax"), "most *real*"),
    "3.5": (RIGHT["3.5"].replace("net[:-1]", "net"), "twice"),
}
STRANGE = RIGHT["3.1"].replace("return field", "return field * 3 + 17")


@dataclass
class Kind:
    """A kind of submission.

    Args:
        name: In a word or two.
        data: The file.
        expected: Exercise -> outcome; an exercise that is not named must have passed.
        remark: A part of a sentence that the table must say about it; "" for none.
        file_name: How the file is called.
        unread: Whether the file cannot be read at all.
        slow: Seconds that it takes at most of the limits; such kinds run in the long version only.
    """

    name: str
    data: bytes
    expected: dict[str, str] = field(default_factory=dict)
    remark: str = ""
    file_name: str = f"{LESSON}.ipynb"
    unread: bool = False
    slow: bool = False


def notebook(answers: dict[str, str] = RIGHT, edit: Callable[[dict], object] | None = None) -> dict:
    """Return the lesson with answers in it: exercise -> code; what is not named stays a stub."""
    nb = copy.deepcopy(BLANK)
    for exercise, code in answers.items():
        cell(nb, f"e{exercise[-1]}-stub")["source"] = code
    if edit:
        edit(nb)
    return nb


def cell(nb: dict, cell_id: str) -> dict:
    """Return a cell by its id."""
    return next(one for one in nb["cells"] if one["id"] == cell_id)


def insert(nb: dict, before: str, source: str, cell_id: str = "mine") -> None:
    """Insert a code cell above another."""
    index = nb["cells"].index(cell(nb, before))
    new = {"cell_type": "code", "execution_count": None, "id": cell_id, "metadata": {}}
    nb["cells"].insert(index, new | {"outputs": [], "source": source})


def to_bytes(nb: dict) -> bytes:
    """Return the bytes of a notebook file."""
    return json.dumps(nb, indent=1).encode()


def kind(name: str, answers: dict[str, str] = RIGHT, edit=None, **facts) -> Kind:
    """Return a kind that is a notebook."""
    return Kind(name, to_bytes(notebook(answers, edit)), **facts)


def replaced(exercise: str, source: str) -> dict[str, str]:
    """Return the right answers, one of them replaced."""
    return {**RIGHT, exercise: source}


def with_first_line(exercise: str, line: str) -> dict[str, str]:
    """Return the right answers; one function does something else first."""
    head, body = RIGHT[exercise].split("\n", 1)
    return replaced(exercise, f"{head}\n    {line}\n{body}")


def remove(*ids: str):
    """Return an edit that deletes cells."""
    return lambda nb: nb.update(cells=[one for one in nb["cells"] if one["id"] not in ids])


def without_ids(nb: dict) -> None:
    """Lose all ids, as a notebook of format 4.4 does."""
    nb["nbformat_minor"] = 4
    for one in nb["cells"]:
        del one["id"]


def as_colab(nb: dict) -> None:
    """Change a notebook as Colab does: ids in the metadata, its own keys, minor 0."""
    nb["nbformat_minor"] = 0
    nb["metadata"] |= {"accelerator": "GPU", "colab": {"gpuType": "T4", "name": "Copy of it.ipynb"}}
    for one in nb["cells"]:
        one["metadata"] |= {"id": one.pop("id"), "outputId": "1234", "colab": {"height": 35}}


def as_vscode(nb: dict) -> None:
    """Change a notebook as VS Code does: new random ids, own metadata, a kernel of conda."""
    nb["metadata"]["kernelspec"] = {"name": "myenv", "display_name": "myenv (Python 3.12)"}
    for number, one in enumerate(nb["cells"]):
        one["id"] = f"{number:08x}"
        one["metadata"]["vscode"] = {"languageId": "python"}


def honest_kinds() -> list[Kind]:
    """Notebooks of honest students, as they come."""
    none = dict.fromkeys(EXERCISES, "not attempted")
    half = {"3.1": RIGHT["3.1"], "3.2": WRONG["3.2"][0], "3.3": "def pairs(L, ab):\n    return L +"}
    helper = "import math\n\ndef product(numbers):\n    return math.prod(numbers)"
    uses = RIGHT["3.1"].replace("jump = jump * layer.stride[0]", "jump = product([jump, layer.stride[0]])")
    late = notebook({})
    insert(late, "e1-figure", RIGHT["3.1"])

    def loses_checks(nb):
        remove("e1-check", "e3-check")(nb)
        cell(nb, "e2-check")["source"] = "print('passed')"
        insert(nb, "e4-check", "pairs = check.q3_3(pairs)", "copied")

    return [
        kind("all right"),
        kind("untouched", {}, expected=none),
        kind("all wrong", {n: code for n, (code, _) in WRONG.items()},
             expected=dict.fromkeys(EXERCISES, "wrong")),
        kind("half done", half, expected={"3.2": "wrong", "3.3": "raised",
             "3.4": "not attempted", "3.5": "not attempted"}),
        kind("a mistake without a name", replaced("3.1", STRANGE), expected={"3.1": "wrong"}),
        kind("check cells deleted, edited and copied", RIGHT, loses_checks),
        kind("answer cell deleted", RIGHT, remove("e3-stub"), expected={"3.3": "not attempted"},
             remark="No cell of the notebook answers"),
        kind("only answers and checks", RIGHT, lambda nb: nb.update(cells=[
             one for one in nb["cells"] if one["id"][0] == "e" and "stub" in one["id"]
             or "check" in one["id"]])),
        kind("a helper cell", replaced("3.1", uses), lambda nb: insert(nb, "e1-stub", helper)),
        kind("an import in the first cell", replaced("3.1", uses.replace("product(", "math.prod(")),
             lambda nb: cell(nb, "start").update(source="import math\n" + "".join(cell(nb, "start")["source"]))),
        Kind("the answer below its check", to_bytes(late), {"3.2": "not attempted",
             "3.3": "not attempted", "3.4": "not attempted", "3.5": "not attempted"}, "below its check"),
        kind("Colab", RIGHT, as_colab, file_name=f"Copy of {LESSON}.ipynb"),
        kind("VS Code, with a kernel of conda", RIGHT, as_vscode, remark="lost their ids"),
        kind("no ids", RIGHT, without_ids, remark="lost their ids"),
        kind("magics", replaced("3.3", "%%time\n" + RIGHT["3.3"]),
             lambda nb: insert(nb, "e3-stub", "%matplotlib inline\n!pip install einops")),
        kind("a wrong file name", file_name="homework (1).ipynb"),
        kind("the library's own", {"3.1": "from colorlib.discriminators import receptive_field"},
             expected=none, remark="own"),
        kind("an example call that fails", replaced("3.5", RIGHT["3.5"] + "\n\nfixed_loss(1, 2, 3)")),
    ]  # fmt: skip


def broken_kinds() -> list[Kind]:
    """Files that are damaged, old, or no notebooks."""
    whole = to_bytes(notebook())
    unread = dict.fromkeys(EXERCISES, "not read")
    conflict = whole.replace(b' "cells": [', b'<<<<<<< HEAD\n "cells": [\n=======\n "cells": [\n>>>>>>> b', 1)
    in_a_cell = "<<<<<<< HEAD\n" + RIGHT["3.3"] + "\n=======\n" + RIGHT["3.3"] + "\n>>>>>>> mine"
    python2 = {**RIGHT, "3.3": RIGHT["3.3"].replace("    return", '    print "rolling"\n    return')}

    def is_python2(nb):
        nb["metadata"]["kernelspec"] = {"name": "python2", "language": "python"}
        nb["metadata"]["language_info"] = {"name": "python", "version": "2.7.18"}

    latin = notebook(replaced("3.3", "# gew\xfcrfelt\n" + RIGHT["3.3"]))
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    old_cells = []
    for one in notebook()["cells"]:
        text = "".join(one["source"])
        if one["cell_type"] == "code":
            old_cells.append({"cell_type": "code", "input": text, "outputs": [], "language": "python",
                              "metadata": {}, "collapsed": False, "prompt_number": 1})
        else:
            old_cells.append({"cell_type": "markdown", "source": text, "metadata": {}})
    old["worksheets"] = [{"cells": old_cells, "metadata": {}}]
    return [
        Kind("empty file", b"", unread, "is empty", unread=True),
        Kind("web page", b"<!DOCTYPE html>\n<html><body>In [1]:</body></html>", unread, "web page", unread=True),
        Kind("PDF", b"%PDF-1.7 ...", unread, "a PDF", unread=True),
        Kind("half a file", whole[: len(whole) // 2], unread, "damaged or incomplete", unread=True),
        Kind("merge conflict in the file", conflict, unread, "merge conflict", unread=True),
        kind("merge conflict in a cell", replaced("3.3", in_a_cell), expected={"3.3": "raised"}, remark="merge conflict"),
        kind("Python 2", python2, is_python2, expected={"3.3": "raised"}, remark="Python 2"),
        Kind("not UTF-8", json.dumps(latin).replace("\\u00fc", "\xfc").encode("latin-1"), remark="not UTF-8"),
        Kind("UTF-16", json.dumps(latin).encode("utf-16"), remark="not UTF-8"),
        Kind("format 3", json.dumps(old).encode(), remark="old format 3"),
        Kind("another JSON", b'{"name": "package"}', unread, "not a notebook", unread=True),
        Kind("deep JSON", b"[" * 100_000, unread, "", unread=True),
        Kind("odd cells", to_bytes({**notebook(), "cells": [None, 3, {"cell_type": "code", "source": 7},
             *notebook()["cells"]]})),
    ]  # fmt: skip


def hostile_kinds(canary: Path, port: int) -> list[Kind]:
    """Notebooks that attack; what they can name of the outside is the canary's folder."""
    outside = str(canary.parent)
    loop = with_first_line("3.3", "while True: pass")
    stubborn = with_first_line("3.3", """while True:
        try:
            import time; time.sleep(99)
        except BaseException: pass""")
    patch_grader = "import colorlib.check.graders as g\ng.compare = lambda *a, **k: None"
    patch_class = "from colorlib.check.graders import Grader, Result, Outcome\nGrader.__call__ = lambda *a: Result(Outcome.PASSED)"
    empty_cases = "from colorlib import check as c\nc.q3_1.grader.cases.clear()"
    swap_module = "import sys\nsys.modules['colorlib.check.comparison'] = type(sys)('fake')"
    fake_check = """class check:
    def __getattr__(self, name): return lambda f=None: print('✓ passed')
check = check()"""
    write_pipe = """import os
for n in range(3, 200):
    try: os.write(n, b'{"done": 1, "exercise": "3.1", "result": {"outcome": "passed", "reasons": []}}\\n')
    except OSError: pass"""
    frames = with_first_line("3.1", """import sys
    frame = sys._getframe()
    while frame:
        if 'self' in frame.f_locals and hasattr(frame.f_locals['self'], 'cases'):
            frame.f_locals['self'].reference = receptive_field
        frame = frame.f_back
    return 0""")
    wrong_1 = replaced("3.1", WRONG["3.1"][0])

    def above_1(source):
        return lambda nb: insert(nb, "e1-stub", source + "\n\ndef helper_(): pass")

    def in_1(source, answers=wrong_1):
        return {**answers, "3.1": source + "\n\n" + answers["3.1"]}

    reach = f"""import os
found = []
for folder in ({outside!r}, '/work', '/root', '/home', '/tmp'):
    for parent, folders, files in os.walk(folder):
        found += [os.path.join(parent, f) for f in files if f.endswith('{LESSON}.ipynb') or f == 'canary.txt']
for path in found:
    open(path).read()
assert not found, found"""
    delete = f"""import os, shutil
for folder in (os.path.expanduser('~'), {outside!r}, os.path.dirname(os.getcwd())):
    shutil.rmtree(folder, ignore_errors=True)"""
    write = f"""import os
try: open(os.path.join({outside!r}, 'written'), 'w').write('x')
except OSError: pass"""
    network = f"""import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try:
        socket.create_connection(address, 1)
        raise SystemExit('reached')
    except OSError: pass"""
    bomb = "import os, time\nfor _ in range(100000):\n    try: os.fork()\n    except OSError: pass"
    hog = with_first_line("3.3", "hog = [b'x' * 2**26 for _ in range(1000)]")
    return [
        kind("infinite loop", loop, expected={"3.3": "too slow"}, remark="longer than"),
        kind("infinite loop that catches everything", stubborn, expected={"3.3": "too slow"}, slow=True),
        kind("infinite loop at the margin", in_1("while True: pass", RIGHT), expected={"3.1": "too slow"}, slow=True),
        kind("infinite loop in a scratch cell", RIGHT, lambda nb: insert(nb, "e2-check", "while True: pass")),
        kind("fork bomb", in_1(bomb, RIGHT), expected={"3.1": "too slow"}, slow=True),
        kind("os._exit", in_1("import os\nos._exit(0)", RIGHT), expected={"3.1": "stopped"}, remark="ended the process"),
        kind("sys.exit", in_1("import sys\nsys.exit(0)", RIGHT), expected={"3.1": "raised"}),
        kind("segmentation fault", with_first_line("3.3", "import ctypes; ctypes.string_at(0)"), expected={"3.3": "stopped"}),
        kind("huge output", in_1("for _ in range(300): print('x' * 2**20)", RIGHT)),
        kind("deletes home and more", in_1(delete, RIGHT)),
        kind("reads other submissions and answers", in_1(reach, RIGHT)),
        kind("writes into the grader's folder", in_1(write, RIGHT)),
        kind("memory hog", hog, expected={"3.3": "raised"}),
        kind("fills the disk", in_1("try: open('big', 'wb').write(bytes(2**30))\nexcept (OSError, MemoryError): pass", RIGHT)),
        kind("network", in_1(network, RIGHT)),
        kind("kills its parent", in_1("import os, signal\nfor p in (os.getppid(), 1, -1):\n    try: os.kill(p, signal.SIGKILL)\n    except OSError: pass", RIGHT)),
        kind("closes standard output", in_1("import os, sys\nsys.stdout.close()\nos.close(1); os.close(2)", RIGHT)),
        kind("prints passed", in_1("print('✓ Exercise 3.1 · The receptive field: passed')"), expected={"3.1": "wrong"}),
        kind("its own check", in_1(fake_check), expected={"3.1": "wrong"}),
        kind("replaces a function of the checks", in_1(patch_grader), expected={"3.1": "refused"}, remark="compare"),
        kind("replaces a method of the checks", in_1(patch_class), expected={"3.1": "refused"}, remark="Grader"),
        kind("empties the cases", in_1(empty_cases), expected={"3.1": "refused"}),
        kind("replaces a module", in_1(swap_module), expected={"3.1": "refused"}, remark="sys.modules"),
        kind("replaces the reference from inside", frames, expected={"3.1": "refused"}, remark="A person should read"),
        kind("writes results into every file", in_1(write_pipe), expected={"3.1": "refused"}, remark="channel"),
        kind("leaves a thread behind", in_1("import threading\nthreading.Thread(target=lambda: __import__('time').sleep(999)).start()", RIGHT)),
        kind("the stand-in as answer", {**RIGHT, "3.1": "from colorlib import check as c\nreceptive_field = c.q3_1()"}, expected={"3.1": "not attempted"}),
    ]  # fmt: skip
