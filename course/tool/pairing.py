"""Pairs of a solution and its lesson: files that are missing, renamed or in no table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.tool.course_config import COURSE_TOML, Course


def find_renamed(root: Path, course: Course) -> Iterator[str]:
    """Yield a sentence for each lesson of the table whose solution has another name now, or none.

    A lesson that is still to be written has no notebook in ``lessons/``, either: it does not count.
    """
    listed = {lesson.name for lesson in course.lessons}
    unlisted = {path.stem for path in (root / "solutions").glob("*.ipynb")} - listed
    for lesson in course.lessons:
        path, student = f"solutions/{lesson.name}.ipynb", f"lessons/{lesson.name}.ipynb"
        if (root / path).exists():
            continue
        for new in sorted(name for name in unlisted if name[:2] == lesson.name[:2]):
            yield (
                f"{path} does not exist, but solutions/{new}.ipynb does: if you renamed it, write "
                f'name = "{new}" in {COURSE_TOML} and remove {student}; nothing is built.'
            )
            break
        else:
            if (root / student).exists():
                yield (
                    f"{path} does not exist, but {student} does: restore the solution from git, or "
                    f"remove the lesson and its entry in {COURSE_TOML}; nothing is built."
                )


def find_unpaired(root: Path, course: Course) -> Iterator[str]:
    """Yield a sentence for each solution, entry or lesson without its counterparts."""
    listed = {lesson.name for lesson in course.lessons}
    solutions = {path.stem for path in (root / "solutions").glob("*.ipynb")}
    students = {path.stem for path in (root / "lessons").glob("*.ipynb")}
    renamed = list(find_renamed(root, course))
    if renamed:
        yield from renamed
        return
    for name in sorted(listed - solutions):
        path = f"solutions/{name}.ipynb"
        yield f"{path} does not exist: write it, or take its entry out of {COURSE_TOML}."
    for name in sorted(solutions - listed):
        yield f"solutions/{name}.ipynb has no entry in {COURSE_TOML}: add one, or remove the file."
    for name in sorted(students - solutions):
        yield f"lessons/{name}.ipynb has no solution: remove it, or write solutions/{name}.ipynb."


def find_unbuilt(root: Path, course: Course) -> Iterator[str]:
    """Yield a sentence for each solution whose lesson was never built."""
    for lesson in course.lessons:
        solution, student = (f"{tree}/{lesson.name}.ipynb" for tree in ("solutions", "lessons"))
        if (root / solution).exists() and not (root / student).exists():
            yield f"{student} does not exist: run python -m course build."
