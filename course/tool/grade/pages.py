"""The pages: feedback for each student, the overview, and one page for each written question."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import jinja2

from course.tool.files import atomic_write_text
from course.tool.grade.likeness import LikePair
from course.tool.grade.rows import MARKS, GradeRow, format_points, natural_order
from course.tool.grade.walls import Wall

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=jinja2.StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["points"] = format_points
GENERATED = '<meta name="generator" content="python -m course grade">'
UNKNOWN = "does not know this mistake"  # part of what a check says about a mistake without a name


def file_name(student: str, key: str) -> str:
    """Return the name of a student's page: letters of the name, and a hash that nobody shares."""
    plain = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    return f"{plain or 'student'}-{hashlib.sha256(key.encode()).hexdigest()[:6]}.html"


def is_unexplained(row: GradeRow) -> bool:
    """Return whether an answer failed in a way that no known mistake explains."""
    if row.outcome not in ("wrong", "raised"):
        return False
    return not row.cause or UNKNOWN in row.cause


def write_feedback(
    folder: Path,
    rows: Sequence[GradeRow],
    written: dict[tuple[str, str], dict[str, str]],
    lessons: dict[str, str],
    asked: dict[tuple[str, str], str],
) -> dict[str, str]:
    """Write a page for each student; return key of a student -> file name.

    Args:
        folder: Where the pages go; pages of students who are no longer there are deleted.
        rows: All rows of the table.
        written: (key of a student, lesson) -> what the student wrote, by question.
        lessons: Name of a lesson -> its title.
        asked: (lesson, question) -> what the lesson asks there.
    """
    template = TEMPLATES.get_template("feedback.html.j2")
    names = {}
    for key in dict.fromkeys(row.key for row in rows):
        own = [row for row in rows if row.key == key]
        names[key] = file_name(own[0].student, key)
        by_lesson: dict[str, list[GradeRow]] = {}
        for row in own:
            by_lesson.setdefault(row.lesson, []).append(row)
        text = template.render(
            student=own[0].student,
            by_lesson=by_lesson,
            titles=lessons,
            written={lesson: written.get((key, lesson), {}) for lesson in by_lesson},
            asked=asked,
            points=sum(row.points for row in own),
            of=sum(row.of for row in own),
        )
        atomic_write_text(folder / names[key], text)
    _delete_others(folder, set(names.values()))
    return names


def _delete_others(folder: Path, wanted: set[str]) -> None:
    for path in folder.glob("*.html"):
        if path.name not in wanted and GENERATED in path.read_text("utf-8", "replace"):
            path.unlink()


def write_overview(
    path: Path,
    rows: Sequence[GradeRow],
    pages: dict[str, str],
    lessons: dict[str, str],
    pairs: Sequence[LikePair],
    notes: dict[str, Sequence[str]],
    walls: Sequence[Wall],
    questions: Sequence[tuple[str, str]],
) -> None:
    """Write the page for the instructor.

    Args:
        path: The file.
        rows: All rows of the table.
        pages: Key of a student -> name of the feedback page.
        lessons: Name of a lesson -> its title.
        pairs: Students whose answers are alike.
        notes: Heading -> sentences on files, students and the like.
        walls: The walls of the sandbox.
        questions: Name of a page of written answers, and its heading.
    """
    checked = [row for row in rows if row.outcome != "by hand"]
    text = TEMPLATES.get_template("overview.html.j2").render(
        lessons=[_lesson_table(name, lessons, checked) for name in _names(checked)],
        pages=pages,
        marks=MARKS,
        unexplained=sorted(
            filter(is_unexplained, checked), key=lambda row: (row.outcome != "wrong", row.exercise)
        ),
        look_at=[row for row in checked if row.look_at],
        pairs=pairs,
        notes={heading: lines for heading, lines in notes.items() if lines},
        walls=walls,
        questions=questions,
        count=len(pages),
    )
    atomic_write_text(path, text)


def _names(rows: Sequence[GradeRow]) -> list[str]:
    return sorted({row.lesson for row in rows if row.lesson})


def _lesson_table(name: str, lessons: dict[str, str], rows: Sequence[GradeRow]) -> dict:
    """Return what the overview says of a lesson: matrix, counts, causes by frequency."""
    own = [row for row in rows if row.lesson == name]
    exercises = sorted({row.exercise for row in own}, key=natural_order)
    titles = {row.exercise: row.title for row in own}
    causes = Counter(
        (row.exercise, row.cause) for row in own if row.cause and not is_unexplained(row)
    )
    students = {}
    for row in own:
        students.setdefault(row.key, {})[row.exercise] = row
    counts = {one: Counter(row.outcome for row in own if row.exercise == one) for one in exercises}
    present = [outcome for outcome in MARKS if any(counts[one][outcome] for one in exercises)]
    return {
        "name": name,
        "title": lessons.get(name, name),
        "exercises": exercises,
        "titles": titles,
        "students": students,
        "counts": counts,
        "present": present,
        "causes": sorted(
            causes.items(), key=lambda item: (-item[1], natural_order(item[0][0]), item[0][1])
        ),
    }


def write_questions(
    folder: Path,
    written: dict[tuple[str, str], dict[str, str]],
    students: dict[str, str],
    asked: dict[tuple[str, str], str],
) -> list[tuple[str, str]]:
    """Write a page for each question with all answers side by side; return names and headings.

    Args:
        folder: Where the pages go.
        written: (key of a student, lesson) -> question -> what the student wrote.
        students: Key of a student -> name.
        asked: (lesson, question) -> what the lesson asks there.
    """
    answers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (key, lesson), texts in sorted(written.items()):
        for question, text in texts.items():
            answers.setdefault((lesson, question), []).append((students[key], text))
    template, made = TEMPLATES.get_template("question.html.j2"), []
    for (lesson, question), texts in sorted(answers.items()):
        name = re.sub(r"[^\w-]+", "-", f"{lesson}-{question}") + ".html"
        heading = f"{lesson}: {question}"
        text = asked.get((lesson, question), "")
        page = template.render(heading=heading, asked=text, answers=sorted(texts))
        atomic_write_text(folder / name, page)
        made.append((name, heading))
    if folder.is_dir():
        _delete_others(folder, {name for name, _ in made})
    return made
