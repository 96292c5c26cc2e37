"""``python -m course build``: write the generated files, or report differences (``--check``)."""

from __future__ import annotations

import argparse
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from colorlib import __version__
from course.tool import (
    boilerplate_cells,
    course_config,
    leak_check,
    lessons,
    notebooks,
    pairing,
    placeholders,
    quiz,
    student_tree,
)
from course.tool.cli import CourseError
from course.tool.course_config import COURSE_TOML, PLACEHOLDER, RELEASE, ROOT, Course, Lesson
from course.tool.files import atomic_write_text

FIX = "run python -m course build"
STUDENTS = student_tree.DEFAULT_FOLDER
STILL_VISIBLE = (
    "the library in it contains what the lessons build. The guide for instructors says what a "
    "determined student can still see."
)
OVERWRITTEN = "build/overwritten"  # copies of lessons that were changed by hand


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
    answers_arguments(parser)
    parser.add_argument("--out", type=Path, help=f"of --answers private (default: {STUDENTS})")


def answers_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a course without answers, which ``course site`` has too."""
    parser.add_argument(
        "--answers",
        choices=["public", "private"],
        default="public",
        help="private: write the course without answers, for a repository of the students; then "
        "--repository and --branch are theirs, and course.toml stays as it is",
    )
    parser.add_argument(
        "--exam",
        nargs="+",
        default=[],
        metavar="LESSON",
        help="with --answers private: leave out right answers, hints and likely causes of lessons",
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Build, or check what is built; return 1 if something is left to fix."""
    if args.answers == "private":
        return write_student_tree(args, root)
    if args.out or args.exam:
        raise CourseError("found --out or --exam, which need --answers private: add it.")
    if args.branch and args.check:
        raise CourseError("found --check with --branch, but --check writes nothing: leave one out.")
    if args.repository:
        course_config.set_field(root, "repository", args.repository)
    if args.branch:
        course_config.set_field(root, "branch", args.branch)
    course = course_config.load(root)
    release = re.fullmatch(RELEASE, course.branch)
    if release and release[1] != __version__:
        print(
            f"Note: the branch is {course.branch}, the library's version {__version__}: set-up "
            f"installs {course.branch} if a release of that name exists."
        )
    problems = list(pairing.find_unpaired(root, course))
    is_renamed = any(
        pairing.find_renamed(root, course)
    )  # a build would write texts without this lesson
    products = [] if is_renamed else plan(root, course)
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


def write_student_tree(args: argparse.Namespace, root: Path) -> int:
    """Write the course without answers; return 1 if an answer still shows."""
    if args.check:
        raise CourseError("found --check with --answers private, which it does not read: choose.")
    folder = args.out or root / STUDENTS
    course = course_config.load(root)
    if problems := list(pairing.find_unpaired(root, course)):
        raise CourseError(problems[0])
    theirs = students_course(args, course)
    problems = student_tree.write(root, folder, theirs, args.exam)
    for line in problems:
        print(line)
    count = sum(path.is_file() for path in folder.rglob("*"))
    print(f"{folder}: {count} files without answers; {STILL_VISIBLE}")
    return 1 if problems else 0


def students_course(args: argparse.Namespace, course: Course) -> Course:
    """Return the configuration of the students' repository."""
    return dataclasses.replace(
        course, repository=args.repository or "", branch=args.branch or "main"
    )


def plan(root: Path, course: Course) -> list[Product]:
    """Return every product; nothing is written, so an error in one lesson changes no file."""
    products = []
    solutions, students = {}, {}
    for lesson in course.lessons:
        file = f"{lesson.name}.ipynb"
        if not (root / "solutions" / file).exists():
            continue
        solution = refresh_solution(notebooks.read(root / "solutions" / file), course, lesson, root)
        student = lessons.make(solution, course, lesson, root)
        solutions[f"solutions/{file}"], students[f"lessons/{file}"] = solution, student
        for tree, nb, source in (
            ("solutions", solution, COURSE_TOML),
            ("lessons", student, f"solutions/{file}"),
        ):
            products.append(Product(f"{tree}/{file}", notebooks.dumps(nb), source, nb))
    if answers := quiz.load(root):
        products.append(
            Product(quiz.ENCODED, quiz.encoded(answers), f"the answers in {quiz.ANSWERS}")
        )
    leak_check.check_elsewhere(solutions, students, placeholders.texts(root))
    for path, text in placeholders.texts(root):
        if placeholders.find(text, path):
            filled = placeholders.fill(text, path, root, text_path=path)
            products.append(Product(path, filled, "the sources of its tables"))
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
        executed = notebooks.code_hash(fresh)
    if executed:
        fresh.metadata.course = nbformat.from_dict({"executed": executed})
    return fresh


def describe_difference(root: Path, product: Product) -> str:
    """Return one line: where a file differs from its product, and which command fixes it."""
    path = product.path
    if not (root / path).exists():
        return f"{path} does not exist: {FIX}."
    if product.nb is None:
        return f"{path}: a generated table is not what {product.source} say: {FIX}."
    try:
        stored = notebooks.parse(read_text(root / path), path)
    except CourseError as error:
        return f"{error.args[0].removesuffix('.')}; to write it again, {FIX}."
    foreign = notebooks.foreign_metadata(stored)
    notebooks.normalize(stored)
    where, cell = _first_difference(stored, product.nb)
    if foreign and cell is None and stored.cells == product.nb.cells:
        added = ", ".join(foreign)
        return f"{path}: an editor added metadata ({added}), which are not kept: {FIX}."
    if path.startswith("solutions/"):
        if cell is None:
            return f"{path}: {where} is not what this version of the tool writes: {FIX}."
        return f"{path}: {where} is not what {_source_of(cell)} says: {FIX}."
    if is_edited_by_hand(stored, product.nb):
        return f"{path}: {where} was changed by hand: change {product.source} instead, then {FIX}."
    return f"{path}: {where} differs, because {product.source} has changed since: {FIX}."


def write_product(root: Path, product: Product) -> str:
    """Write a product if it differs; return a word or two for the report."""
    path = root / product.path
    before = read_text(path)
    if before == product.text:
        return "unchanged"
    note = "written"
    is_lesson = before is not None and product.path.startswith("lessons/")
    if is_lesson and is_edited_by_hand(_read_notebook(path), product.nb):
        copy = f"{OVERWRITTEN}/{path.name}"
        atomic_write_text(root / copy, before)
        note = f"written over changes made by hand; a copy is {copy}"
    atomic_write_text(path, product.text)
    return note


def is_edited_by_hand(stored: NotebookNode | None, made: NotebookNode) -> bool:
    """Return whether a lesson is not what some build wrote.

    A lesson holds a hash of itself. A lesson of an earlier version of this tool has none, and
    counts as edited if it was built from this very source and is not what it would be now.
    """
    if stored is None:
        return True
    facts = stored.metadata.get("course", {})
    if "built" in facts:
        return facts["built"] != notebooks.content_hash(stored)
    same_source = facts.get("source") == made.metadata.course.source
    return same_source and notebooks.content_hash(stored) != notebooks.content_hash(made)


def read_text(path: Path) -> str | None:
    """Return the text of a file with its newlines as they are; None if there is no file."""
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else None


def _read_notebook(path: Path) -> NotebookNode | None:
    try:
        return notebooks.read(path)
    except CourseError:
        return None


def _first_difference(stored: NotebookNode, made: NotebookNode) -> tuple[str, NotebookNode | None]:
    """Return the name of the first thing that differs, and the cell if it is one."""
    for number, (old, new) in enumerate(zip(stored.cells, made.cells, strict=False), start=1):
        if old != new:
            return notebooks.place(number, old), old
    if len(stored.cells) != len(made.cells):
        return f"the number of cells ({len(stored.cells)}, not {len(made.cells)})", None
    return "the metadata" if stored.metadata != made.metadata else "the file's layout", None


def _source_of(cell: NotebookNode) -> str:
    """Return where the generated content of a solution's cell comes from."""
    if "picture" in notebooks.tags(cell):
        return f"course/pictures or {COURSE_TOML}"
    if boilerplate_cells.is_generated(cell):
        return COURSE_TOML
    kinds = {place.kind: place.name for place in placeholders.find(cell.source, cell.id)}
    if "course" in kinds:
        return COURSE_TOML
    if {"result", "picture"} & set(kinds):
        return " or ".join(f"course/results/{name}" for name in dict.fromkeys(kinds.values()))
    return "the library"
