"""The grading process of one lesson: it imports everything once, and forks a child per notebook.

It reads one JSON value from its input: the lesson, the limits and the jobs. It writes one line for
the exercises, and one for each job as soon as it is done. Run it with ``python -m``.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from course.tool.grade.sandbox import Limits, die_with_parent

_SHARED: dict[str, Any] = {}  # what every forked worker has; filled before the first fork


def main() -> None:
    """Grade all jobs of one lesson."""
    die_with_parent()
    request = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the lesson prints does not belong to the answers
    _prepare(request)
    exercises = _SHARED["exercises"]
    rows = [[one.number, one.title, list(one.hints)] for one in exercises.values()]
    _write(out, {"exercises": rows})
    context = multiprocessing.get_context("fork")
    options = {"mp_context": context, "initializer": die_with_parent}
    with ProcessPoolExecutor(request["workers"], **options) as pool:
        waiting = {pool.submit(_grade, job): job["key"] for job in request["jobs"]}
        for future in as_completed(waiting):
            _write(out, {"key": waiting[future], **future.result()})


def _write(out: Any, value: dict) -> None:
    out.write(json.dumps(value) + "\n")
    out.flush()


def _prepare(request: dict) -> None:
    """Import what notebooks and checks need, and run the first cells of the lesson."""
    import numpy
    import torch

    from course.tool.grade.student_process import first_namespace

    torch.set_num_threads(1)
    torch.manual_seed(0)
    numpy.random.seed(0)
    from colorlib import check

    _SHARED["exercises"] = check.lesson(request["lesson"])
    _SHARED["namespace"] = first_namespace(request["first"])
    _SHARED["kind"] = request["kind"]
    _SHARED["limits"] = Limits(**request["limits"])
    _SHARED["hidden"] = [Path(path) for path in request["hidden"]]
    for exercise in _SHARED["exercises"].values():  # imports what checks load late
        exercise.grader(exercise.grader.reference)


def _grade(job: dict) -> dict:
    from course.tool.grade.student_process import StudentProcess
    from course.tool.grade.supervisor import grade_notebook

    shared = _SHARED
    files = {name: base64.b64decode(data) for name, data in job["files"].items()}

    def make_process(child_job: dict) -> StudentProcess:
        return StudentProcess(shared["namespace"], shared["exercises"], child_job)

    try:
        return grade_notebook(
            {"steps": job["steps"], "files": files},
            make_process,
            shared["kind"],
            shared["limits"],
            shared["hidden"],
        )
    except Exception as error:  # one bad notebook never stops the run
        return {"failed": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
