"""Made-up notebooks of lesson 3 by honest students, with the outcomes that they must get."""

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
    "3.1": """def receptive_field(net):
    field, jump = 1, 1
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            field = field + (layer.kernel_size[0] - 1) * jump
            jump = jump * layer.stride[0]
    return field""",
    "3.2": """def patch_discriminator(in_channels=3, base_channels=64):
    c = base_channels
    layers = [nn.Conv2d(in_channels, c, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for before, after, stride in ((c, 2 * c, 2), (2 * c, 4 * c, 2), (4 * c, 8 * c, 1)):
        layers.append(nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=False))
        layers.append(nn.BatchNorm2d(after))
        layers.append(nn.LeakyReLU(0.2))
    layers.append(nn.Conv2d(8 * c, 1, 4, padding=1))
    return nn.Sequential(*layers)""",
    "3.3": """def pairs(L, ab):
    shifted = torch.roll(ab, shifts=1, dims=0)
    return torch.cat((L, ab), dim=1), torch.cat((L, shifted), dim=1)""",
    "3.4": """def most_fake_patch(logits, side):
    rows, columns = logits.shape[-2:]
    i, j = divmod(int(logits.argmin()), columns)
    top, left = 8 * i - 23, 8 * j - 23
    clip = lambda x: max(0, min(side, x))
    return clip(top), clip(left), clip(top + 70), clip(left + 70)""",
    "3.5": """def fixed_loss(net, true, wrong):
    logits = net[:-1]
    on_true, on_wrong = logits(true), logits(wrong)
    first = F.binary_cross_entropy_with_logits(on_true, torch.ones_like(on_true))
    second = F.binary_cross_entropy_with_logits(on_wrong, torch.zeros_like(on_wrong))
    return (first + second) / 2""",
}
# Wrong answers: exercise -> code, and a part of the likely cause.
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
    last_line = "jump = jump * layer.stride[0]"
    uses = RIGHT["3.1"].replace(last_line, "jump = product([jump, layer.stride[0]])")
    uses_math = uses.replace("product(", "math.prod(")
    failing_example = RIGHT["3.5"] + "\n\nfixed_loss(1, 2, 3)"
    late = notebook({})
    insert(late, "e1-figure", RIGHT["3.1"])

    def adds_import(nb):
        cell(nb, "start")["source"] = "import math\n" + "".join(cell(nb, "start")["source"])

    def keeps_little(nb):
        nb["cells"] = [one for one in nb["cells"] if one["id"].endswith(("-stub", "-check"))]

    def loses_checks(nb):
        remove("e1-check", "e3-check")(nb)
        cell(nb, "e2-check")["source"] = "print('passed')"
        insert(nb, "e4-check", "pairs = check.q3_3(pairs)", "copied")

    return [
        kind("all right"),
        kind("untouched", {}, expected=none),
        kind(
            "all wrong",
            {n: code for n, (code, _) in WRONG.items()},
            expected=dict.fromkeys(EXERCISES, "wrong"),
        ),
        kind(
            "half done",
            half,
            expected={
                "3.2": "wrong",
                "3.3": "raised",
                "3.4": "not attempted",
                "3.5": "not attempted",
            },
        ),
        kind("a mistake without a name", replaced("3.1", STRANGE), expected={"3.1": "wrong"}),
        kind("check cells deleted, edited and copied", RIGHT, loses_checks),
        kind(
            "answer cell deleted",
            RIGHT,
            remove("e3-stub"),
            expected={"3.3": "not attempted"},
            remark="No cell of the notebook answers",
        ),
        kind("only answers and checks", RIGHT, keeps_little),
        kind("a helper cell", replaced("3.1", uses), lambda nb: insert(nb, "e1-stub", helper)),
        kind("an import in the first cell", replaced("3.1", uses_math), adds_import),
        Kind(
            "the answer below its check",
            to_bytes(late),
            {exercise: "not attempted" for exercise in EXERCISES[1:]},
            "below its check",
        ),
        kind("Colab", RIGHT, as_colab, file_name=f"Copy of {LESSON}.ipynb"),
        kind("VS Code, with a kernel of conda", RIGHT, as_vscode, remark="lost their ids"),
        kind("no ids", RIGHT, without_ids, remark="lost their ids"),
        kind(
            "magics",
            replaced("3.3", "%%time\n" + RIGHT["3.3"]),
            lambda nb: insert(nb, "e3-stub", "%matplotlib inline\n!pip install einops"),
        ),
        kind("a wrong file name", file_name="homework (1).ipynb"),
        kind(
            "the library's own",
            {"3.1": "from colorlib.discriminators import receptive_field"},
            expected=none,
            remark="library's own function",
        ),
        kind("an example call that fails", replaced("3.5", failing_example)),
    ]
