"""Made-up files that are damaged or attack the grader, with what each must meet."""

from __future__ import annotations

import json
from pathlib import Path

from tests.course.submission_maker import LESSON_3, Kind, Material, insert, to_bytes

CONFLICT = "<<<<<<< HEAD\n{0}\n=======\n{0}\n>>>>>>> mine"


def broken_kinds(of: Material = LESSON_3) -> list[Kind]:
    """Files that are damaged, old, or not notebooks."""
    called = of.called
    answer, file_name = of.right[called], f"{of.lesson}.ipynb"
    whole = to_bytes(of.notebook())
    in_the_file = whole.replace(b' "cells": [', CONFLICT.format(' "cells": [').encode(), 1)
    in_a_cell = of.replaced(called, CONFLICT.format(answer))
    python2 = of.with_first_line(called, 'print "rolled"')
    umlaut = json.dumps(of.notebook(of.replaced(called, "# gew\xfcrfelt\n" + answer)))
    odd = of.notebook()
    odd["cells"] = [None, 3, {"cell_type": "code"}, *odd["cells"]]
    raised = {called: "raised"}

    def for_python2(nb):
        nb["metadata"]["kernelspec"] = {"name": "python2", "language": "python"}
        nb["metadata"]["language_info"] = {"name": "python", "version": "2.7.18"}

    def file(name, data, remark="", expected=None):
        return Kind(name, data, expected or {}, remark, file_name, hostile=True)

    def unread(name, data, remark):
        return file(name, data, remark, of.all_outcomes("not read"))

    def kind(name, answers, edit=None, **facts):
        return of.kind(name, answers, edit, expected=raised, hostile=True, **facts)

    return [
        unread("empty file", b"", "is empty"),
        unread("web page", b"<!DOCTYPE html>\n<html><body>In [1]:</body></html>", "web page"),
        unread("PDF", b"%PDF-1.7 ...", "a PDF"),
        unread("half a file", whole[: len(whole) // 2], "damaged or incomplete"),
        unread("merge conflict in the file", in_the_file, "merge conflict"),
        unread("another JSON", b'{"name": "package"}', "not a notebook"),
        unread("deep JSON", b"[" * 100_000, ""),
        kind("merge conflict in a cell", in_a_cell, remark="merge conflict"),
        kind("Python 2", python2, for_python2, remark="Python 2"),
        file("not UTF-8", umlaut.replace("\\u00fc", "\xfc").encode("latin-1"), "not UTF-8"),
        file("UTF-16", umlaut.encode("utf-16"), "not UTF-8"),
        file("format 3", json.dumps(as_format_3(of.notebook())).encode(), "old format 3"),
        file("odd cells", to_bytes(odd)),
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
HOG = "hog = [bytes(2**26) for _ in range(1000)]"
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
grader = real.{check}.grader
try: grader.cases.clear()
except AttributeError: grader.cases = ()"""
MODULE = """import sys
sys.modules['colorlib.check.comparison'] = type(sys)('fake')"""
CHANNEL = """import os
result = '{{"outcome": "passed", "reasons": []}}'
line = b'{{"done": 1, "exercise": "{exercise}", "result": %s}}\\n' % result.encode()
for number in range(3, 200):
    try: os.write(number, line)
    except OSError: pass"""
FRAMES = """import sys
    frame = sys._getframe()
    while frame:
        if hasattr(frame.f_locals.get('self'), 'cases'):
            frame.f_locals['self'].reference = {function}
        frame = frame.f_back
    return 0"""
STAND_IN = """from colorlib import check as real
{function} = real.{check}()"""
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


WRITE_FILES = ("5.4", "5.5", "8.6")  # their checks write files, where a student's full disk is full


def hostile_kinds(canary: Path, port: int, of: Material = LESSON_3) -> list[Kind]:
    """Notebooks that attack; what they can name of the outside is the canary's folder."""
    exercise, outside = of.first, str(canary.parent)
    names = {
        "check": f"q{exercise.replace('.', '_')}",
        "exercise": exercise,
        "function": of.checked[exercise],
        "lesson": of.lesson,
        "outside": outside,
        "port": port,
    }

    def kind(name, answers, edit=None, **facts):
        return of.kind(name, answers, edit, hostile=True, **facts)

    def first(name, source, outcome="passed", answer=of.right[exercise], **facts):
        """A cell that does something before it defines the answer to the first exercise."""
        answers = of.replaced(exercise, f"{source}\n\n{answer}")
        return kind(name, answers, expected={exercise: outcome}, **facts)

    def inside(name, source, outcome, where=of.called, **facts):
        """A function that does something when the check calls it."""
        answers = of.with_first_line(where, source)
        return kind(name, answers, expected={where: outcome}, **facts)

    def cheat(name, source, outcome="refused", **facts):
        """A wrong answer that wants to pass."""
        return first(name, source, outcome, of.wrong[exercise][0], **facts)

    def scratch(nb):
        insert(nb, f"e{of.called[-1]}-check", "while True: pass")

    return [
        inside("infinite loop", "while True: pass", "too slow", remark="longer than"),
        inside("infinite loop that catches everything", STUBBORN, "too slow", slow=True),
        first("infinite loop at the margin", "while True: pass", "too slow", slow=True),
        kind("infinite loop in a scratch cell", None, scratch),
        first("fork bomb", BOMB, "too slow", slow=True),
        first("os._exit", "import os\nos._exit(0)", "stopped", remark="ended the process"),
        first("sys.exit", "import sys\nsys.exit(0)", "raised"),
        inside("segmentation fault", "import ctypes; ctypes.string_at(0)", "stopped"),
        first("huge output", "for _ in range(300): print('x' * 2**20)"),
        first("deletes home and more", DELETE.format(**names)),
        first("reads other submissions", READ.format(**names)),
        first("writes into the grader's folder", WRITE.format(**names)),
        inside("memory hog", HOG, "raised"),
        first("memory hog of many processes", HOG_OF_MANY, "stopped", slow=True),
        kind(
            "fills the disk",
            of.replaced(exercise, f"{FULL_DISK}\n\n{of.right[exercise]}"),
            expected={exercise: "passed"}
            | {name: "raised" for name in of.exercises if name in WRITE_FILES},
        ),
        first("network", NETWORK.format(**names)),
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
        cheat("empties the cases", EMPTY_CASES.format(**names), remark="cases"),
        cheat("replaces a module", MODULE, remark="sys.modules"),
        cheat("writes results into every file", CHANNEL.format(**names), remark="channel"),
        inside(
            "replaces the reference from inside",
            FRAMES.format(**names),
            "refused",
            exercise,
            remark="_getframe",
        ),
        kind(
            "the stand-in as answer",
            of.replaced(exercise, STAND_IN.format(**names)),
            expected={exercise: "not attempted"},
        ),
    ]
