"""Made-up files that are damaged or attack the grader, with what each must meet."""

from __future__ import annotations

import json
from pathlib import Path

from submission_maker import (
    EXERCISES,
    LESSON,
    RIGHT,
    WRONG,
    Kind,
    insert,
    kind,
    notebook,
    replaced,
    to_bytes,
    with_first_line,
)

NOT_READ = dict.fromkeys(EXERCISES, "not read")
CONFLICT = "<<<<<<< HEAD\n{0}\n=======\n{0}\n>>>>>>> mine"


def broken_kinds() -> list[Kind]:
    """Files that are damaged, old, or not notebooks."""
    whole = to_bytes(notebook())
    in_the_file = whole.replace(b' "cells": [', CONFLICT.format(' "cells": [').encode(), 1)
    in_a_cell = replaced("3.3", CONFLICT.format(RIGHT["3.3"]))
    python2 = replaced("3.3", RIGHT["3.3"].replace("    return", '    print "rolled"\n    return'))
    umlaut = json.dumps(notebook(replaced("3.3", "# gew\xfcrfelt\n" + RIGHT["3.3"])))
    odd = {**notebook(), "cells": [None, 3, {"cell_type": "code"}, *notebook()["cells"]]}
    raised = {"3.3": "raised"}

    def for_python2(nb):
        nb["metadata"]["kernelspec"] = {"name": "python2", "language": "python"}
        nb["metadata"]["language_info"] = {"name": "python", "version": "2.7.18"}

    def unread(name, data, remark):
        return Kind(name, data, NOT_READ, remark)

    return [
        unread("empty file", b"", "is empty"),
        unread("web page", b"<!DOCTYPE html>\n<html><body>In [1]:</body></html>", "web page"),
        unread("PDF", b"%PDF-1.7 ...", "a PDF"),
        unread("half a file", whole[: len(whole) // 2], "damaged or incomplete"),
        unread("merge conflict in the file", in_the_file, "merge conflict"),
        unread("another JSON", b'{"name": "package"}', "not a notebook"),
        unread("deep JSON", b"[" * 100_000, ""),
        kind("merge conflict in a cell", in_a_cell, expected=raised, remark="merge conflict"),
        kind("Python 2", python2, for_python2, expected=raised, remark="Python 2"),
        Kind("not UTF-8", umlaut.replace("\\u00fc", "\xfc").encode("latin-1"), remark="not UTF-8"),
        Kind("UTF-16", umlaut.encode("utf-16"), remark="not UTF-8"),
        Kind("format 3", json.dumps(as_format_3(notebook())).encode(), remark="old format 3"),
        Kind("odd cells", to_bytes(odd)),
    ]


def as_format_3(nb: dict) -> dict:
    """Return a notebook in the format of 2011."""
    cells = []
    for one in nb["cells"]:
        text = "".join(one["source"])
        if one["cell_type"] == "code":
            cells.append({"cell_type": "code", "input": text, "language": "python", "outputs": []})
        else:
            cells.append({"cell_type": "markdown", "source": text})
        cells[-1]["metadata"] = {}
    sheet = {"cells": cells, "metadata": {}}
    metadata = {"name": "lesson"}
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": metadata, "worksheets": [sheet]}


STUBBORN = """while True:
        try:
            __import__('time').sleep(99)
        except BaseException: pass"""
BOMB = """import os
while True:
    try: os.fork()
    except OSError: pass"""
HOG = "hog = [b'x' * 2**26 for _ in range(1000)]"
HOG_OF_MANY = """import os, time
for _ in range(16):
    if os.fork() == 0:
        hog = [b'x' * 2**26 for _ in range(12)]
        time.sleep(99)
time.sleep(99)"""
FULL_DISK = """try:
    for n in range(99): open(f'big{n}', 'wb').write(bytes(2**26))
except OSError: pass"""
KILL = """import os, signal
for process in (os.getppid(), 1, -1, *range(2, 5000)):
    try: os.kill(process, signal.SIGKILL)
    except OSError: pass"""
CLOSE = """import os, sys
sys.stdout.close()
os.close(1); os.close(2)"""
THREAD = """import threading, time
threading.Thread(target=lambda: time.sleep(999)).start()"""
FAKE_CHECK = """class check:
    def __getattr__(self, name): return lambda f=None: print('✓ passed')
check = check()"""
PATCHED_FUNCTION = """import colorlib.check.graders as graders
graders.compare = lambda *args, **kwargs: None"""
PATCHED_METHOD = """from colorlib.check.graders import Grader, Outcome, Result
Grader.__call__ = lambda *args: Result(Outcome.PASSED)"""
PATCHED_CODE = """from colorlib.check.graders import Grader
Grader._first_mismatch.__code__ = (lambda self, got, expected: None).__code__"""
SHADOWED_BUILTIN = """import colorlib.check.comparison as comparison
comparison.isinstance = lambda *args: False"""
PATCHED_TORCH = """import torch
torch.Tensor.max = lambda *args: torch.zeros(())"""
EMPTY_CASES = """from colorlib import check as real
real.q3_1.grader.cases.clear()"""
MODULE = """import sys
sys.modules['colorlib.check.comparison'] = type(sys)('fake')"""
CHANNEL = """import os
line = b'{"done": 1, "exercise": "3.1", "result": {"outcome": "passed", "reasons": []}}\\n'
for number in range(3, 200):
    try: os.write(number, line)
    except OSError: pass"""
FRAMES = """import sys
    frame = sys._getframe()
    while frame:
        if hasattr(frame.f_locals.get('self'), 'cases'):
            frame.f_locals['self'].reference = receptive_field
        frame = frame.f_back
    return 0"""
STAND_IN = """from colorlib import check as real
receptive_field = real.q3_1()"""
READ = """import os
found = []
for folder in ({outside!r}, '/work', '/root', '/home', '/tmp', '/var'):
    for parent, _, files in os.walk(folder):
        wanted = ('{lesson}.ipynb', 'canary.txt')
        found += [os.path.join(parent, name) for name in files if name.endswith(wanted)]
assert not found, found"""
DELETE = """import os, shutil
for folder in (os.path.expanduser('~'), {outside!r}, os.path.dirname(os.getcwd())):
    shutil.rmtree(folder, ignore_errors=True)"""
WRITE = """import os
try: open(os.path.join({outside!r}, 'written'), 'w').write('x')
except OSError: pass"""
NETWORK = """import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try: socket.create_connection(address, 1)
    except OSError: continue
    raise SystemExit('reached')"""


def hostile_kinds(canary: Path, port: int) -> list[Kind]:
    """Notebooks that attack; what they can name of the outside is the canary's folder."""
    outside = str(canary.parent)
    wrong = WRONG["3.1"][0]

    def first(name, source, outcome="passed", answer=RIGHT["3.1"], **facts):
        """A cell that does something before it defines the answer to 3.1."""
        answers = replaced("3.1", f"{source}\n\n{answer}")
        return kind(name, answers, expected={"3.1": outcome}, **facts)

    def inside(name, source, outcome, exercise="3.3", **facts):
        """A function that does something when the check calls it."""
        return kind(name, with_first_line(exercise, source), expected={exercise: outcome}, **facts)

    def cheat(name, source, outcome="refused", **facts):
        """A wrong answer that wants to pass."""
        return first(name, source, outcome, wrong, **facts)

    def scratch(nb):
        insert(nb, "e2-check", "while True: pass")

    return [
        inside("infinite loop", "while True: pass", "too slow", remark="longer than"),
        inside("infinite loop that catches everything", STUBBORN, "too slow", slow=True),
        first("infinite loop at the margin", "while True: pass", "too slow", slow=True),
        kind("infinite loop in a scratch cell", RIGHT, scratch),
        first("fork bomb", BOMB, "too slow", slow=True),
        first("os._exit", "import os\nos._exit(0)", "stopped", remark="ended the process"),
        first("sys.exit", "import sys\nsys.exit(0)", "raised"),
        inside("segmentation fault", "import ctypes; ctypes.string_at(0)", "stopped"),
        first("huge output", "for _ in range(300): print('x' * 2**20)"),
        first("deletes home and more", DELETE.format(outside=outside)),
        first("reads other submissions", READ.format(outside=outside, lesson=LESSON)),
        first("writes into the grader's folder", WRITE.format(outside=outside)),
        inside("memory hog", HOG, "raised"),
        first("memory hog of many processes", HOG_OF_MANY, "stopped", slow=True),
        first("fills the disk", FULL_DISK),
        first("network", NETWORK.format(port=port)),
        first("kills its parent", KILL),
        first("closes standard output", CLOSE),
        first("leaves a thread behind", THREAD),
        cheat("prints passed", "print('✓ Exercise 3.1: passed')", "wrong"),
        cheat("its own check", FAKE_CHECK, "wrong"),
        cheat("replaces a function of the checks", PATCHED_FUNCTION, remark="compare"),
        cheat("replaces a method of the checks", PATCHED_METHOD, remark="Grader"),
        cheat("replaces the code of a method", PATCHED_CODE, remark="Grader"),
        cheat("shadows a builtin function", SHADOWED_BUILTIN, remark="isinstance"),
        cheat("replaces a method of torch", PATCHED_TORCH, remark="max"),
        cheat("empties the cases", EMPTY_CASES, remark="cases"),
        cheat("replaces a module", MODULE, remark="sys.modules"),
        cheat("writes results into every file", CHANNEL, remark="channel"),
        inside("replaces the reference from inside", FRAMES, "refused", "3.1", remark="_getframe"),
        kind(
            "the stand-in as answer", replaced("3.1", STAND_IN), expected={"3.1": "not attempted"}
        ),
    ]
