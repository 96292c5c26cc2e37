"""``python -m course build``: write the generated files, or report differences (``--check``)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import boilerplate_cells, course_config, lessons, notebooks, placeholders
from course.tool.cli import CourseError
from course.tool.course_config import COURSE_TOML, PLACEHOLDER, ROOT, Course, Lesson
from course.tool.files import atomic_write_text

FIX = "run python -m course build"
CONTENT_SOURCES = f"{COURSE_TOML}, course/results and the library"


@dataclass(frozen=True)
class Product:
    """A generated file: its path, its text, what it is made from, its notebook if it is one."""

    path: str
    text: str
    source: str
    nb: NotebookNode | None = None


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="only print what differs; exit with 1")
    group.add_argument("--repository", metavar=PLACEHOLDER, help="set where the course is hosted")
    parser.add_argument("--branch", help="set what badges open: a branch, or a tag such as v1.0.0")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Build, or check what is built; return 1 if something is left to fix."""
    if args.branch and args.check:
        raise CourseError("found --check with --branch, but --check writes nothing: leave one out.")
    if args.repository:
        course_config.set_field(root, "repository", args.repository)
    if args.branch:
        course_config.set_field(root, "branch", args.branch)
    course = course_config.load(root)
    problems = list(find_unpaired(root, course))
    products = plan(root, course)
    for product in products:
        if not args.check:
            print(f"{product.path} {write_product(root, product)}")
        elif read_text(root / product.path) != product.text:
            problems.append(describe_difference(root, product))
    for line in problems:
        print(line)
    if args.check and not problems:
        print(f"{len(products)} files are what their sources say.")
    return 1 if problems else 0


def plan(root: Path, course: Course) -> list[Product]:
    """Return every product; nothing is written, so an error in one lesson changes no file."""
    products = []
    for lesson in course.lessons:
        file = f"{lesson.name}.ipynb"
        if not (root / "solutions" / file).exists():
            continue
        solution = refresh_solution(notebooks.read(root / "solutions" / file), course, lesson, root)
        student = lessons.make(solution, course, lesson, root)
        for tree, nb, source in (
            ("solutions", solution, CONTENT_SOURCES),
            ("lessons", student, f"solutions/{file}"),
        ):
            products.append(Product(f"{tree}/{file}", notebooks.dumps(nb), source, nb))
    for path, text in placeholders.texts(root):
        if placeholders.find(text, path):
            filled = placeholders.fill(text, path, root, text_path=path)
            products.append(Product(path, filled, CONTENT_SOURCES))
    return products


def refresh_solution(nb: NotebookNode, course: Course, lesson: Lesson, root: Path) -> NotebookNode:
    """Return the solution with its generated cells and its regions for stored results up to date.

    Outputs that were current stay current: neither part computes anything that a lesson shows, so
    a new badge, title or stored result needs no new run.
    """
    fresh = boilerplate_cells.refresh(nb, "solutions", course, lesson, root)
    for number, cell in notebooks.numbered(fresh, "markdown"):
        if not boilerplate_cells.is_generated(cell):
            where = f"solutions/{lesson.name}.ipynb: {notebooks.place(number, cell)}"
            cell.source = placeholders.fill(cell.source, where, root)
    executed = fresh.metadata.pop("course", {}).get("executed")
    if notebooks.is_fresh(nb):
        executed = notebooks.source_hash(fresh)
    if executed:
        fresh.metadata.course = nbformat.from_dict({"executed": executed})
    return fresh


def find_unpaired(root: Path, course: Course) -> Iterator[str]:
    """Yield a sentence for each solution, entry or lesson without its counterparts."""
    listed = {lesson.name for lesson in course.lessons}
    solutions = {path.stem for path in (root / "solutions").glob("*.ipynb")}
    students = {path.stem for path in (root / "lessons").glob("*.ipynb")}
    for name in sorted(listed - solutions):
        path = f"solutions/{name}.ipynb"
        yield f"{path} does not exist: write it, or take its entry out of {COURSE_TOML}."
    for name in sorted(solutions - listed):
        yield f"solutions/{name}.ipynb has no entry in {COURSE_TOML}: add one, or remove the file."
    for name in sorted(students - solutions):
        yield f"lessons/{name}.ipynb has no solution: remove it, or write solutions/{name}.ipynb."


def describe_difference(root: Path, product: Product) -> str:
    """Return one line: where a file differs from its product, and which command fixes it."""
    path = product.path
    if not (root / path).exists():
        return f"{path} does not exist: {FIX}."
    if product.nb is None:
        return f"{path}: a generated table is not what {product.source} say: {FIX}."
    stored = _read_notebook(root / path)
    if stored is None:
        return f"{path} is not a notebook any more: {FIX}."
    where = _first_difference(stored, product.nb)
    if path.startswith("solutions/"):
        return f"{path}: {where} is not what {product.source} say: {FIX}."
    if is_edited_by_hand(stored, product.nb):
        return f"{path}: {where} was changed by hand: change {product.source} instead, then {FIX}."
    return f"{path}: {where} differs, because {product.source} has changed since: {FIX}."


def write_product(root: Path, product: Product) -> str:
    """Write a product if it differs; return a word or two for the report."""
    path = root / product.path
    if read_text(path) == product.text:
        return "unchanged"
    overwritten = False
    if path.exists() and product.path.startswith("lessons/"):
        overwritten = is_edited_by_hand(_read_notebook(path), product.nb)
    atomic_write_text(path, product.text)
    return "written over changes made by hand" if overwritten else "written"


def is_edited_by_hand(stored: NotebookNode | None, made: NotebookNode) -> bool:
    """Return whether a lesson that differs was built from this very source."""
    return stored is None or stored.metadata.get("course") == made.metadata.course


def read_text(path: Path) -> str | None:
    """Return the text of a file with its newlines as they are; None if there is no file."""
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else None


def _read_notebook(path: Path) -> NotebookNode | None:
    try:
        return notebooks.read(path)
    except CourseError:
        return None


def _first_difference(stored: NotebookNode, made: NotebookNode) -> str:
    for number, (old, new) in enumerate(zip(stored.cells, made.cells, strict=False), start=1):
        if old != new:
            return notebooks.place(number, old)
    if len(stored.cells) != len(made.cells):
        return f"the number of cells ({len(stored.cells)}, not {len(made.cells)})"
    return "the metadata" if stored.metadata != made.metadata else "the file's layout"
