"""Run one notebook in the sandbox, and go on after a cell that never ends or ends everything.

A cell that runs too long, or ends its process, is left out in a second run; the exercise that it
belongs to gets its outcome from that, and all others are graded as if it were not there.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.tool.grade import mounts, sandbox
from course.tool.grade.sandbox import Limits

CHECK_INTERVAL = 0.1  # seconds between two looks at time and memory
MAX_REPORT = 2**20  # bytes that a sandbox may report
TOGETHER = 1.5  # times the memory of one process, for all processes of a notebook
MAX_RUNS = 12  # of one notebook, each without the cells that ended the run before


@dataclass
class Report:
    """The results of one run of a notebook.

    Args:
        results: Number of an exercise -> its outcome and reasons.
        seconds: Number of a step -> how long it took.
        remarks: Sentences about cells that are no answers.
        stopped: Number of the step that ended the run, and the outcome that this means.
        finished: Whether all steps ran.
    """

    results: dict[str, dict] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    stopped: tuple[int, str, str] | None = None
    finished: bool = False


def grade_notebook(
    job: dict[str, Any],
    make_process: Callable[[dict], Callable[[int], None]],
    kind: str,
    limits: Limits,
    hidden: list[Path],
) -> dict[str, Any]:
    """Return the results of one notebook, as plain values.

    Args:
        job: ``steps``, and ``files`` (name -> bytes) that the student sent along.
        make_process: Makes the child's main function from a job.
        kind: How namespaces can be had, of :func:`sandbox.level`.
        limits: Time, memory, disk and processes.
        hidden: Folders that no sandbox may see.
    """
    steps, total = job["steps"], Report()
    skip: dict[int, str] = {}
    deadline = time.monotonic() + limits.notebook_seconds
    for _ in range(MAX_RUNS):
        known = {number: one["outcome"] == "passed" for number, one in total.results.items()}
        child_job = {
            "steps": steps,
            "skip": skip,
            "known": known,
            "token": secrets.token_hex(16),
        }
        report = _run_once(child_job, job["files"], make_process, kind, limits, hidden, deadline)
        for number, result in report.results.items():
            total.results.setdefault(number, result)
        total.seconds |= {n: s for n, s in report.seconds.items() if n not in total.seconds}
        total.remarks += [text for text in report.remarks if text not in total.remarks]
        if report.finished:
            break
        number, outcome, text = report.stopped
        skip[number] = outcome
        if outcome == "too slow":
            total.seconds[number] = limits.cell_seconds
        step = steps[number]
        if time.monotonic() >= deadline:
            _give_up(steps, total, limits)
            break
        if step["is_answer"] or step["names"]:
            result = {"outcome": outcome, "reasons": [["what happened", text]]}
            total.results.setdefault(step["exercise"], result)
        else:
            total.remarks.append(f"Cell {step['cell'] or number + 1} was left out: {text}.")
    else:
        _give_up(steps, total, limits)
    return {
        "results": total.results,
        "seconds": _seconds_of_exercises(steps, total.seconds),
        "remarks": total.remarks,
    }


def _give_up(steps: list[dict], total: Report, limits: Limits) -> None:
    text = f"the notebook ran longer than {limits.notebook_seconds:g} s, or ended too often"
    for step in steps:
        if step["role"] == "check":
            result = {"outcome": "too slow", "reasons": [["what happened", text]]}
            total.results.setdefault(step["exercise"], result)


def _run_once(job, files, make_process, kind, limits, hidden, deadline) -> Report:
    with mounts.scratch_folder() as folder:
        child, pipe = sandbox.run(make_process(job), kind, limits, hidden, files, folder)
        try:
            return _listen(child, pipe, job["token"], limits, deadline)
        finally:
            sandbox.kill(child)
            os.close(pipe)
            sandbox.remove_folder(folder)
            folder.mkdir(exist_ok=True)


def _listen(child: int, pipe: int, token: str, limits: Limits, deadline: float) -> Report:
    """Read what the child reports until it ends, or uses more than it may."""
    report, buffer, size, current = Report(), b"", 0, 0
    cell_end = time.monotonic() + limits.cell_seconds + 10  # the walls are built first
    look = time.monotonic()
    while True:
        ready, _, _ = select.select([pipe], [], [], CHECK_INTERVAL)
        now = time.monotonic()
        if ready:
            data = os.read(pipe, 65_536)
            if not data:
                report.stopped = (current, "stopped", "the cell ended the process it ran in")
                return report
            size += len(data)
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                before = current
                current = _take(line, token, report, current)
                if report.finished or report.stopped:
                    return report
                if current != before:
                    cell_end = now + limits.cell_seconds
        if size > MAX_REPORT:
            report.stopped = (current, "stopped", "the cell wrote into the grader's own channel")
        elif now > min(cell_end, deadline):
            text = f"the cell ran longer than {limits.cell_seconds:g} s"
            report.stopped = (current, "too slow", text)
        elif now > look and sandbox.memory_mb(child) > TOGETHER * limits.memory_mb:
            text = f"the cell used more than {TOGETHER * limits.memory_mb:.0f} MB of memory"
            report.stopped = (current, "stopped", text)
        if report.stopped:
            return report
        look = max(look, now + 3 * CHECK_INTERVAL) if now > look else look


def _take(line: bytes, token: str, report: Report, current: int) -> int:
    """Take in one line; return the number of the step that runs now."""
    start, _, text = line.decode("utf-8", "replace").partition(" ")
    if start == "sandbox:":
        raise OSError(f"the sandbox could not be built: {text}")
    if start != token:
        report.stopped = (current, "refused", "the cell wrote into the grader's own channel")
        return current
    with contextlib.suppress(ValueError, TypeError, KeyError):
        message = json.loads(text)
        if "start" in message:
            return message["start"]
        if "broken" in message:
            what = f"the cell changed {message['broken']}, which decides on outcomes"
            report.stopped = (message["step"], "refused", what)
        elif "finished" in message:
            report.finished = True
        else:
            report.seconds[message["done"]] = message["seconds"]
            if "result" in message:
                report.results[message["exercise"]] = message["result"]
            if "remark" in message:
                report.remarks.append(message["remark"])
    return current


def _seconds_of_exercises(steps: list[dict], seconds: dict[int, float]) -> dict[str, float]:
    """Add up the time of the student's cells and of the check, exercise by exercise."""
    totals, waiting = {}, 0.0
    for number, step in enumerate(steps):
        if step["role"] != "lesson":
            waiting += seconds.get(number, 0.0)
        if step["names"]:
            totals[step["exercise"]], waiting = waiting, 0.0
    return totals
