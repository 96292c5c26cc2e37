"""``python -m course build --answers private``: the course as students get it, without answers.

The folder can be pushed as a repository of its own: lessons, library, the texts for students, and
no solution, no test and no tool. Links to what is left out become plain words.
"""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from course.tool import boilerplate_cells, lessons, notebooks, quiz
from course.tool.cli import CourseError
from course.tool.course_config import Course, Lesson
from course.tool.files import atomic_write_text, find_files
from course.tool.lints.links import LINK, internal_target
from course.tool.solution_regions import BEGIN

DEFAULT_FOLDER = "build/students"
MARKER = ".course-students"  # a folder without it is never emptied
FILES = ("LICENSE", "LICENSE-content", "CITATION.cff", "environment.yml", "pyproject.toml")
FOR_INSTRUCTORS = {
    "grading.md", "hard-to-break.md", "instructor-guide.md", "large-classes.md", "library.md",
    "releasing.md", "style.md", "training-log.md",
}  # fmt: skip
PUBLIC_ONLY = re.compile(r"(?s)<!-- answers are public -->\n.*?<!-- end answers -->\n+")
ANY_LINK = re.compile(rf"!?\[(?P<words>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*){LINK.pattern}")
SOLUTION_WORDS = {"solution", "our answer"}  # such a link goes with its words
CHECK_CALL = re.compile(r"(?m)^( *)(?:\w+ = )?check\.q(\d+)_(\d+)\(.*\)$")
HELP = re.compile(r"(?s)check below it: it says what is wrong.*?library's own solution\.")
EXAM_HELP = (
    "check below it if there\nis one: it says right or wrong. This is an exam: there are no hints, "
    "and the cells below use\nyour own code."
)
TEXT_SUFFIXES = {".ipynb", ".json", ".md", ".py", ".toml", ".txt", ".yml", ".cff"}


def write(root: Path, folder: Path, course: Course, exams: Sequence[str] = ()) -> list[str]:
    """Write the tree; return a sentence for each thing that still shows an answer.

    Args:
        root: The folder of the course.
        folder: Where to write; it is emptied first if an earlier call made it.
        course: The configuration; its repository is that of the students.
        exams: Names of lessons whose hints and right answers are left out as well; their checks
            compare with recorded results.

    Raises:
        CourseError: If the folder holds something else, or an exam is not a lesson.
    """
    chosen = _choose(course, exams)
    solutions = {}
    for lesson in course.lessons:
        path = root / f"solutions/{lesson.name}.ipynb"
        nb = boilerplate_cells.refresh(notebooks.read(path), "solutions", course, lesson, root)
        solutions[lesson] = nb
    _make_empty(folder)
    for name in FILES:
        if (root / name).exists():
            shutil.copy2(root / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(root / "colorlib", folder / "colorlib", ignore=ignored)
    pictures = root / boilerplate_cells.PICTURES / "readme.jpg"
    if pictures.exists():
        (folder / boilerplate_cells.PICTURES).mkdir(parents=True)
        shutil.copy2(pictures, folder / boilerplate_cells.PICTURES)
    texts = [path for path in (root / "course").glob("*.md") if path.name not in FOR_INSTRUCTORS]
    for path in texts:
        text = PUBLIC_ONLY.sub("", path.read_text("utf-8"))
        atomic_write_text(folder / "course" / path.name, text)
    atomic_write_text(folder / "README.md", _readme(course, texts))
    problems, recorded = [], {}
    if chosen:
        from course.tool import exam_checks  # it imports torch, for which other commands would wait
    for lesson in chosen:
        problems += _leave_grader_out(folder, lesson)
        module = f"colorlib/check/lesson{lesson.number:02d}.py"
        recorded[lesson] = exam_checks.write(root / module, folder / module)
    for lesson, solution in solutions.items():
        student = lessons.make(solution, course, lesson, root)
        if lesson in chosen:
            _make_exam(student, recorded[lesson])
        notebooks.write(folder / f"lessons/{lesson.name}.ipynb", student)
    _unlink(folder, course)
    return problems + list(_shown_answers(folder))


def _choose(course: Course, names: Sequence[str]) -> list[Lesson]:
    known = {lesson.name: lesson for lesson in course.lessons}
    for name in names:
        if name not in known:
            raise CourseError(f"--exam {name!r} is not a lesson: choose from {', '.join(known)}.")
    return [known[name] for name in names]


def _make_empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise CourseError(f"{folder} is not empty, and no earlier build made it: name another.")
        for path in folder.iterdir():
            if path.name == ".git":
                continue  # the students' repository
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    atomic_write_text(folder / MARKER, "Made by python -m course build --answers private.\n")


def _readme(course: Course, texts: Sequence[Path]) -> str:
    rows = []
    for lesson in course.lessons:
        alt = f"Open lesson {lesson.number} in Colab"
        rows.append((lesson, boilerplate_cells.badge("lessons", course, lesson, alt)))
    names = {path.name: path.read_text("utf-8").partition("\n")[0].lstrip("# ") for path in texts}
    template = boilerplate_cells.TEMPLATES.get_template("student_readme.md.jinja")
    return template.render(course=course, rows=rows, texts=dict(sorted(names.items()))) + "\n"


def _make_exam(nb: NotebookNode, recorded: Sequence[str]) -> None:
    """Replace the calls of checks that are not recorded by a comment; the header says what is."""

    def replace(match: re.Match) -> str:
        if f"{match[2]}.{match[3]}" in recorded:
            return match[0]
        return f"{match[1]}# Your instructor checks this answer."

    for _, cell in notebooks.numbered(nb, "code"):
        cell.source = CHECK_CALL.sub(replace, cell.source)
    for _, cell in notebooks.numbered(nb, "markdown"):
        if "header" in notebooks.tags(cell):
            cell.source = HELP.sub(EXAM_HELP, cell.source)


def _leave_grader_out(folder: Path, lesson: Lesson) -> Iterator[str]:
    """Remove the right answers and hints of a lesson from the library; its titles stay."""
    checks = folder / "colorlib/check"
    own = {path.stem for path in checks.glob(f"lesson{lesson.number:02d}*.py")}
    for path in checks.glob("*.py"):
        for module in sorted(_imports(path) & own if path.stem not in own else ()):
            yield f"colorlib/check/{module}.py was removed, but {path.name} imports it."
    for stem in own:
        (checks / f"{stem}.py").unlink()
    table = checks / "exercises.toml"
    number = re.escape(str(lesson.number))
    pattern = rf'(?ms)^(\["{number}\.\d+"\]\n.*?)^hints = \[.*?^\]\n'
    text = re.sub(pattern, r"\1hints = []\n", table.read_text("utf-8"))
    tomllib.loads(text)
    atomic_write_text(table, text)
    quiz_answers = folder / quiz.ENCODED
    text = re.sub(rf'("{number}\.\d+": ")[^"]*', r"\1", quiz_answers.read_text("utf-8"))
    atomic_write_text(quiz_answers, text)


def _imports(path: Path) -> set[str]:
    """Return the last parts of the names of the modules that a file imports."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules.append(node.module)
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    return {module.rpartition(".")[2] for module in modules}


def _unlink(folder: Path, course: Course) -> None:
    """Turn links to files that are not in the tree into words; drop links to solutions."""
    for path in find_files(folder, ("*.md", "course/*.md", "colorlib/**/*.md")):
        name = path.relative_to(folder).as_posix()
        text = path.read_text("utf-8")
        atomic_write_text(path, ANY_LINK.sub(_replacement(folder, name, course), text))
    for path in find_files(folder, ("lessons/*.ipynb",)):
        nb, name = notebooks.read(path), path.relative_to(folder).as_posix()
        for _, cell in notebooks.numbered(nb, "markdown"):
            source = ANY_LINK.sub(_replacement(folder, name, course), cell.source)
            cell.source = source.rstrip() if source != cell.source else source
        nb.metadata.course.built = notebooks.content_hash(nb)
        notebooks.write(path, nb)


def _replacement(folder: Path, name: str, course: Course) -> Callable[[re.Match], str]:
    def replace(match: re.Match) -> str:
        target = internal_target(match[2], name, course)
        if target is None or target.startswith("#"):
            return match[0]
        file = (folder / name).parent / target.partition("#")[0]
        if file.exists():
            return match[0]
        return "" if match["words"].lower() in SOLUTION_WORDS else match["words"]

    return replace


def _shown_answers(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file that names a solution or holds an answer of a notebook."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in TEXT_SUFFIXES or ".git" in path.relative_to(folder).parts:
            continue
        for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
            if re.search(r"\bsolutions/", line) or BEGIN in line:
                name = path.relative_to(folder).as_posix()
                yield f"{name}, line {number}, names a solution: {line.strip()[:60]!r}."
