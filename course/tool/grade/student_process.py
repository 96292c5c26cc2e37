"""The process in which a student's cells run: it runs the steps and reports each outcome.

It writes one line of JSON for each thing that happens into a pipe. Each line begins with a token,
so that a student's code cannot write a line by chance; what it prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import gc
import json
import linecache
import os
import random
import re
import sys
import time
import traceback
from types import ModuleType, SimpleNamespace
from typing import Any

from colorlib.check.stand_in import StandIn
from course.tool.grade.names import python_source
from course.tool.grade.seal import Seal

LONG_WAIT = 15.0  # seconds: a cell that sleeps, or one that a check has stopped
MAX_TEXT = 2000  # characters of one text on a card
RANDOM_PARTS = re.compile(r"(?<=/tmp/tmp)\w{8}|(?<= at 0x)[0-9a-f]+")  # names of folders, addresses
# A check's name for an outcome -> the table's. The library's own function does not count.
OUTCOMES = {
    "PASSED": "passed",
    "WRONG": "wrong",
    "RAISED": "raised",
    "NOT_ATTEMPTED": "not attempted",
    "NOT_YOURS": "not attempted",
}


class NoCheck:
    """The value of ``check`` in a student's own cells: it returns what it gets."""

    def __getattr__(self, name: str) -> NoCheck:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, implementation: Any = None, *args: Any, **kwargs: Any) -> Any:
        return implementation

    def hint(self, level: int | None = None) -> None:
        """Show no hint."""

    def progress(self) -> None:
        """Show no table."""


class Recorder:
    """The value of ``check`` in the instructor's check cells; it keeps the result.

    Args:
        exercises: By name, as ``colorlib.check.lesson`` returns them.
        known: Number of an exercise -> whether it passed, in an earlier run of this notebook.
    """

    def __init__(self, exercises: dict[str, Any], known: dict[str, bool]) -> None:
        self.exercises, self.known, self.result = exercises, known, None

    def __getattr__(self, name: str) -> Any:
        exercise = self.exercises.get(name)
        if exercise is None:
            raise AttributeError(f"there is no exercise {name!r}")
        return lambda implementation=...: self._grade(exercise, implementation)

    def _grade(self, exercise: Any, implementation: Any) -> Any:
        passed = self.known.get(exercise.number)
        if passed is None:
            self.result = grade_answer(exercise, implementation)
            passed = self.result["outcome"] == "passed"
        return implementation if passed else StandIn(exercise.number, exercise.grader.reference)


def grade_answer(exercise: Any, implementation: Any) -> dict[str, Any]:
    """Return outcome and reasons of an answer, as plain values, from the instructor's colorlib."""
    result = exercise.grade(implementation)
    outcome = OUTCOMES[result.outcome.name]
    return {"outcome": outcome, "reasons": [[label, shorten(t)] for label, t in result.reasons]}


def shorten(text: str) -> str:
    """Return a text for a card, without what differs from run to run.

    Example:
        >>> shorten("/tmp/tmp1x2y3z4w/a.pt belongs to <object at 0x7f6fb38c4b50>")
        '/tmp/tmp.../a.pt belongs to <object at 0x...>'
    """
    return RANDOM_PARTS.sub("...", text)[:MAX_TEXT]


def _is_librarys(implementation: Any) -> bool:
    module = getattr(implementation, "__module__", "")
    return isinstance(module, str) and module.split(".")[0] == "colorlib"


class StudentProcess:
    """Runs the steps of one notebook.

    Args:
        namespace: The names that the first cells of the lesson have defined.
        exercises: By name.
        job: ``steps``, ``skip`` (number of a step -> the outcome to give instead of running it),
            ``known`` (exercise -> whether it passed) and ``token``.
    """

    def __init__(self, namespace: dict, exercises: dict[str, Any], job: dict) -> None:
        self.namespace, self.exercises, self.job = namespace, dict(exercises), job
        self.skip = {int(number): outcome for number, outcome in job["skip"].items()}
        self.seal = Seal(list(exercises.values()))

    def __call__(self, pipe: int) -> None:
        """Run every step; end this process as soon as a step has changed what it must not."""
        self.pipe = pipe
        _seed()
        sys.path.append(os.getcwd())  # modules that the student sent along
        self.namespace |= {"__name__": "__main__", "get_ipython": _NoShell}
        pending: list[dict] = []
        for number, step in enumerate(self.job["steps"]):
            if number in self.skip:
                self._skip(step)
                continue
            self._report(start=number)
            begin = time.perf_counter(), time.process_time()
            message = self._run(step, pending)
            if broken := self.seal.broken():
                self._report(broken=broken, step=number)
                os._exit(3)
            self._report(done=number, seconds=_seconds_since(*begin), **message)
        self._report(finished=True)

    def _skip(self, step: dict) -> None:
        """Leave out a step that ended an earlier run; later cells use the library's answer."""
        if step["names"]:
            self.namespace |= dict.fromkeys(step["names"], ...)
            self.namespace["check"] = Recorder(self.exercises, {step["exercise"]: False})
            self._execute(step["source"], "<the check>")

    def _run(self, step: dict, pending: list[dict]) -> dict:
        if step["role"] in ("check", "missing"):
            message = self._check(step, pending)
            pending.clear()
            return message
        file = f"your cell {step['cell']}" if step["cell"] else "the lesson"
        self.namespace["check"] = NoCheck()
        error = self._execute(step["source"], f"<{file}>")
        if error is None or step["role"] == "lesson":
            return {}
        pending.append({"answer": step["is_answer"], "reasons": _reasons(error, file)})
        return {} if step["is_answer"] else {"remark": f"Cell {step['cell']} raised an error."}

    def _check(self, step: dict, pending: list[dict]) -> dict:
        """Run the instructor's check of one exercise; return its result."""
        recorder = Recorder(self.exercises, self.job["known"])
        names, failed = step["names"], [one for one in pending if one["answer"]]
        values = [self.namespace.get(name) for name in names]
        undefined = [name for name, value in zip(names, values, strict=True) if value is None]
        unwritten = bool(undefined) or (bool(failed) and any(map(_is_librarys, values)))
        if step["role"] == "missing" or unwritten:
            self.namespace |= dict.fromkeys(names, ...)
        self.namespace["check"] = recorder
        error = self._execute(step["source"], "<the check>")
        result = recorder.result
        if step["exercise"] in self.job["known"]:
            return {}
        if error is not None or result is None:
            reasons = (
                _reasons(error, "the check") if error else [["error", "the check did not run"]]
            )
            result = {"outcome": "raised", "reasons": reasons}
        if (
            result["outcome"] == "not attempted"
            and step["role"] == "check"
            and not result["reasons"]
        ):
            if pending:
                result = {"outcome": "raised", "reasons": (failed or pending)[0]["reasons"]}
            elif undefined:
                text = f"the name {undefined[0]} is not defined after the cells of the exercise"
                result = {"outcome": "raised", "reasons": [["error", f"NameError: {text}"]]}
        return {"result": result, "exercise": step["exercise"]}

    def _execute(self, source: str, file: str) -> BaseException | None:
        """Run a cell; return the exception that it raised."""
        try:
            run_cell(source, file, self.namespace)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt
            return error
        return None

    def _report(self, **message: Any) -> None:
        """Write one line; ``os.write`` needs no stream that a student could close."""
        line = f"{self.job['token']} {json.dumps(message)}\n".encode()
        with contextlib.suppress(OSError):
            while line:
                line = line[os.write(self.pipe, line) :]


def _reasons(error: BaseException, file: str) -> list[list[str]]:
    """Describe an exception: its text, and the line of the student's code."""
    text = shorten(f"{type(error).__name__}: {error}")
    line = ""
    if isinstance(error, SyntaxError):
        line = error.text or ""
    else:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename.startswith("<your cell")]
        line = (own[-1].line or "") if own else ""
    return [["error", text], *([["in the line", line.strip()[:MAX_TEXT]]] if line.strip() else [])]


def _seconds_since(clock: float, processor: float) -> float:
    """Return seconds of work, which a busy machine does not change; of the clock if it was long."""
    waited = time.perf_counter() - clock
    return waited if waited >= LONG_WAIT else time.process_time() - processor


def _seed() -> None:
    """Seed all generators, so that every notebook gets the same random numbers."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
    gc.collect()


def _no_magic(*args: Any, **kwargs: Any) -> None:
    return None


def _NoShell() -> SimpleNamespace:
    """Stand in for IPython's shell: magics do nothing."""
    names = ("run_line_magic", "run_cell_magic", "system", "getoutput", "magic")
    return SimpleNamespace(**dict.fromkeys(names, _no_magic))


def first_namespace(sources: list[str]) -> dict:
    """Run the first cells of a lesson, which import what the lesson uses; return their names."""
    module = ModuleType("__main__")
    for number, source in enumerate(sources):
        run_cell(source, f"<first cell {number + 1}>", module.__dict__)
    return module.__dict__


def run_cell(source: str, file: str, namespace: dict) -> None:
    """Run a cell; a traceback finds its lines under the name ``file``."""
    text = python_source(source)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec", dont_inherit=True), namespace)
