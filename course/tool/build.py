"""``python -m course build``: everything that is written from a source, and what differs from it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import (
    boilerplate_cells,
    course_config,
    lessons,
    notebooks,
    readme,
    regions,
    results,
)
from course.tool.cli import CourseError
from course.tool.course_config import PLACEHOLDER, ROOT, Course, Lesson
from course.tool.files import atomic_write_text

MEND = "run python -m course build"


@dataclass(frozen=True)
class Product:
    """A file that the sources determine: its path under the root and its text."""

    path: str
    text: str
    nb: NotebookNode | None = None


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--check", action="store_true", help="write nothing; say what differs, and exit with 1"
    )
    group.add_argument(
        "--repository", metavar=PLACEHOLDER, help="say where the course is hosted, then build"
    )
    parser.add_argument(
        "--branch", help="say what badges open: a branch, or a release's tag such as v1.0.0"
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Build, or check what is built; 1 if something is left to mend."""
    if args.repository:
        course_config.set_repository(root, args.repository)
    if args.branch and args.check:
        raise CourseError(
            "found --check with --branch, but --check writes nothing: leave one of them out."
        )
    if args.branch:
        course_config.set_branch(root, args.branch)
    course = course_config.load(root)
    problems = list(unpaired(root, course))
    products = plan(root, course)
    if args.check:
        problems += [line for product in products if (line := difference(root, product))]
    else:
        for product in products:
            print(f"{product.path} {build_one(root, product)}")
    for line in problems:
        print(line)
    if args.check and not problems:
        print(f"{len(products)} files are what their sources say.")
    return 1 if problems else 0


def plan(root: Path, course: Course) -> list[Product]:
    """Every product, nothing written yet: an error in one lesson leaves all files as they were."""
    products = []
    for lesson in course.lessons:
        file = f"{lesson.name}.ipynb"
        if not (root / "solutions" / file).exists():
            continue
        solution = fresh_solution(notebooks.read(root / "solutions" / file), course, lesson, root)
        student = lessons.make(solution, course, lesson, root)
        for tree, nb in (("solutions", solution), ("lessons", student)):
            products.append(Product(f"{tree}/{file}", notebooks.dumps(nb), nb))
    texts = {"README.md": "", **dict(regions.texts(root))}
    texts["README.md"] = readme.refresh(texts["README.md"], course)
    for path, text in texts.items():
        if path == "README.md" or regions.find(text, path):
            products.append(Product(path, regions.fill(text, path, root, beside=path)))
    return products


def fresh_solution(nb: NotebookNode, course: Course, lesson: Lesson, root: Path) -> NotebookNode:
    """The solution with its generated cells and its regions for stored results written anew.

    Outputs that were current stay current: neither computes anything that a lesson shows, so a new badge,
    title or stored result asks for no new run.
    """
    fresh = boilerplate_cells.refresh(nb, "solutions", course, lesson, root)
    for number, cell in enumerate(fresh.cells, start=1):
        if cell.cell_type == "markdown" and not set(boilerplate_cells.TAGS) & set(
            notebooks.tags(cell)
        ):
            where = f"solutions/{lesson.name}.ipynb: {notebooks.place(number, cell)}"
            cell.source = regions.fill(cell.source, where, root)
    executed = fresh.metadata.pop("course", {}).get("executed")
    if notebooks.is_fresh(nb):
        executed = notebooks.source_hash(fresh)
    if executed:
        fresh.metadata.course = nbformat.from_dict({"executed": executed})
    return fresh


def unpaired(root: Path, course: Course) -> Iterator[str]:
    """Solutions without an entry in the table, entries without a solution, lessons without either."""
    listed = {lesson.name for lesson in course.lessons}
    solutions, students = (
        {path.stem for path in (root / tree).glob("*.ipynb")} for tree in ("solutions", "lessons")
    )
    for name in sorted(listed - solutions):
        yield f"solutions/{name}.ipynb does not exist: write it, or take its entry out of {course_config.COURSE_TOML}."
    for name in sorted(solutions - listed):
        yield f"solutions/{name}.ipynb has no entry in {course_config.COURSE_TOML}: add one, or remove the file."
    for name in sorted(students - solutions):
        yield f"lessons/{name}.ipynb has no solution: remove it, or write solutions/{name}.ipynb."


def difference(root: Path, product: Product) -> str | None:
    """One line that says how a file differs from its product and which command mends it."""
    text = _text(root / product.path)
    if text == product.text:
        return None
    if text is None:
        return f"{product.path} does not exist: {MEND}."
    if product.nb is None:
        what, source = ("the table of lessons", course_config.COURSE_TOML)
        if regions.fill(text, product.path, root, beside=product.path) != text:
            kinds = {region.kind for region in regions.find(text, product.path)}
            what = "a region"
            source = " or ".join(dict.fromkeys(regions.SOURCES[kind] for kind in sorted(kinds)))
        return f"{product.path}: {what} is not what {source} says: {MEND}."
    stored = _stored(root / product.path)
    if stored is None:
        return f"{product.path} is not a notebook any more: {MEND}."
    where, own = _first_difference(stored, product.nb)
    if product.path.startswith("solutions/"):
        source = results.FOLDER if own else "the table of the course"
        return f"{product.path}: {where} is not what {source} says: {MEND}."
    source = product.path.replace("lessons/", "solutions/")
    if by_hand(stored, product.nb):
        return f"{product.path}: {where} was changed by hand: change {source} instead, then {MEND}."
    return f"{product.path}: {where} differs, for {source} has changed since: {MEND}."


def build_one(root: Path, product: Product) -> str:
    """Write a product if it differs, and say what was done."""
    path = root / product.path
    if _text(path) == product.text:
        return "unchanged"
    lost = (
        path.exists() and product.path.startswith("lessons/") and by_hand(_stored(path), product.nb)
    )
    atomic_write_text(path, product.text)
    return "written over changes made by hand" if lost else "written"


def by_hand(stored: NotebookNode | None, made: NotebookNode) -> bool:
    """Whether a lesson that differs was built from this very source, and so was changed afterwards."""
    return stored is None or stored.metadata.get("course") == made.metadata.course


def _stored(path: Path) -> NotebookNode | None:
    try:
        return notebooks.read(path)
    except CourseError:
        return None


def _first_difference(stored: NotebookNode, made: NotebookNode) -> tuple[str, bool]:
    """Where two notebooks begin to differ, and whether that is in a cell that a person writes."""
    pairs = zip(stored.cells, made.cells, strict=False)
    for number, (old, new) in enumerate(pairs, start=1):
        if old != new:
            own = old.id == new.id and not set(boilerplate_cells.TAGS) & set(notebooks.tags(new))
            return notebooks.place(number, old), own
    if len(stored.cells) != len(made.cells):
        return f"the number of cells ({len(stored.cells)}, not {len(made.cells)})", False
    return (
        "the notebook's metadata" if stored.metadata != made.metadata else "the file's layout",
        False,
    )


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else None
