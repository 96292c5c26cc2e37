"""Run all notebooks of a class through the grading processes, and keep each result on disk.

A result is kept under the hash of everything that it depends on, so a run that was stopped resumes,
and a second run gives the same files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text
from course.tool.grade.answer_key import AnswerKey
from course.tool.grade.extraction import Extract
from course.tool.grade.notebook_file import SubmittedNotebook
from course.tool.grade.sandbox import Limits
from course.tool.grade.submissions import Submission

FORMAT = 3  # of the kept results; a new number makes the old ones worthless
STOPPED_THE_GRADER = "The notebook ended the grading process; nothing of it was checked."


@dataclass(frozen=True)
class Job:
    """One notebook to grade."""

    submission: Submission
    book: SubmittedNotebook
    key: AnswerKey
    extract: Extract

    def digest(self, settings: str) -> str:
        """Return the hash of everything that its result depends on."""
        extras = {
            name: hashlib.sha256(data).hexdigest() for name, data in self.submission.extras.items()
        }
        first = [cell.source for cell in self.key.cells if cell.role == "first"]
        parts = [FORMAT, settings, first, self.extract.program(), sorted(extras.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def library_hash() -> str:
    """Return a hash of colorlib's code and texts, which decide on outcomes."""
    import colorlib

    digest = hashlib.sha256()
    folder = Path(colorlib.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


class Grader:
    """Grades jobs, lesson by lesson.

    Args:
        kept: The folder of kept results.
        kind: How namespaces can be had, of :func:`sandbox.level`.
        limits: Of one notebook.
        hidden: Folders that no sandbox may see.
        workers: How many notebooks run at the same time.
    """

    def __init__(
        self, kept: Path, kind: str, limits: Limits, hidden: Sequence[Path], workers: int
    ) -> None:
        self.kept, self.kind, self.limits = kept, kind, limits
        self.hidden, self.workers = [str(path) for path in hidden], workers
        self.settings = json.dumps([asdict(limits), bool(kind), library_hash()])
        self.exercises: dict[int, list[list]] = {}  # lesson -> number, title and hints of each

    def grade(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Yield each job with its result, in the order in which they are done."""
        by_lesson: dict[int, list[Job]] = {}
        for job in jobs:
            by_lesson.setdefault(job.key.lesson.number, []).append(job)
        for lesson, group in sorted(by_lesson.items()):
            yield from self._grade_lesson(lesson, group)

    def _grade_lesson(self, lesson: int, jobs: list[Job]) -> Iterator[tuple[Job, dict]]:
        exercises = self._kept_file(f"exercises-{lesson}-{self._short(jobs[0])}")
        waiting: dict[str, list[Job]] = {}
        for job in jobs:
            waiting.setdefault(job.digest(self.settings), []).append(job)
        for digest in list(waiting):
            if (result := self._read(self._kept_file(digest))) and exercises.exists():
                for job in waiting.pop(digest):
                    yield job, result
        workers = self.workers
        while waiting or not exercises.exists():
            before = len(waiting)
            for message in self._serve(lesson, jobs[0].key, waiting, workers):
                if "exercises" in message:
                    atomic_write_text(exercises, json.dumps(message["exercises"]))
                    continue
                digest = message.pop("key")
                atomic_write_text(self._kept_file(digest), json.dumps(message, sort_keys=True))
                for job in waiting.pop(digest):
                    yield job, message
            if not exercises.exists():
                raise CourseError(
                    f"lesson {lesson} cannot be graded: its first cells or its checks do not run "
                    f"({self._last_words()})."
                )
            if len(waiting) == before and workers == 1 and waiting:  # this one ends the process
                digest = next(iter(waiting))
                for job in waiting.pop(digest):
                    yield job, {"failed": STOPPED_THE_GRADER}
            elif waiting:
                workers = 1
        self.exercises[lesson] = json.loads(exercises.read_text("utf-8"))

    def _short(self, job: Job) -> str:
        return hashlib.sha256((self.settings + job.key.source_hash).encode()).hexdigest()[:12]

    def _kept_file(self, name: str) -> Path:
        return self.kept / f"{name}.json"

    @staticmethod
    def _read(path: Path) -> dict | None:
        try:
            return json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _serve(self, lesson: int, key: AnswerKey, waiting: dict, workers: int) -> Iterator[dict]:
        """Run one grading process; yield what it writes until it ends."""
        request = {
            "lesson": lesson,
            "first": [cell.source for cell in key.cells if cell.role == "first"],
            "kind": self.kind,
            "limits": asdict(self.limits),
            "hidden": self.hidden,
            "workers": max(1, min(workers, len(waiting))),
            "jobs": [_plain_job(digest, jobs[0]) for digest, jobs in waiting.items()],
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        root = Path(__file__).resolve().parents[3]
        command = [sys.executable, "-m", "course.tool.grade.server"]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=root,
            env=_clean_environment(),
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                try:
                    process.stdin.write(json.dumps(request) + "\n")
                    process.stdin.close()
                except BrokenPipeError:  # it has ended; what follows says so
                    pass
                for line in process.stdout:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        break
            finally:
                process.kill()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a message"


def _plain_job(digest: str, job: Job) -> dict[str, Any]:
    files = {name: base64.b64encode(data).decode() for name, data in job.submission.extras.items()}
    return {"key": digest, "steps": job.extract.program(), "files": files}


def _clean_environment() -> dict[str, str]:
    """Return variables without secrets; one thread each, no GPU, the same hashes in each run."""
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    keep += ("COLORLIB_CACHE", "XDG_CACHE_HOME", "SYSTEMROOT")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    return env | {
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",  # so that an error is the last line of the log
    }
