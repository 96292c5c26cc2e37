"""From the results of notebooks to the rows of the table, and from the rows to all files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from course.tool.course_config import Course
from course.tool.grade.answer_key import AnswerKey
from course.tool.grade.class_list import ClassList
from course.tool.grade.gradebooks import write_gradebooks
from course.tool.grade.grader import Job
from course.tool.grade.likeness import equals_ours, find_like_pairs, reaching_words
from course.tool.grade.pages import write_feedback, write_overview, write_questions
from course.tool.grade.quiz_rows import NAME, outcome
from course.tool.grade.roster import Student
from course.tool.grade.rows import (
    GradeRow,
    read_manual_points,
    round_seconds,
    sort_rows,
    write_grades,
)
from course.tool.grade.walls import Wall

NOT_FOUND = "No cell of the notebook answers this exercise."


def collect_rows(
    classes: ClassList,
    results: dict[str, dict],
    exercises: dict[int, list[list]],
    course: Course,
    roster: Sequence[Student],
    keys: Sequence[AnswerKey],
) -> list[GradeRow]:
    """Return a row for each student and exercise, also for files that could not be read.

    Args:
        classes: What counts.
        results: Path of a file -> the result of its run.
        exercises: Number of a lesson -> number, title and hints of the library's exercises.
        course: The configuration, with the points.
        roster: The class, if it is known; who handed in nothing gets rows too.
        keys: The lessons.
    """
    points = course.grading.points_of
    rows = []
    for job in classes.jobs:
        result = results[job.submission.path]
        for number, title, hints in exercises[job.key.lesson.number]:
            row = _row(job, result, number, title, hints, points(number))
            general = classes.remarks.get(job.submission.path, [])
            if number == job.key.exercises[0]:
                extra = [*job.extract.remarks.get("", []), *result.get("remarks", []), *general]
                row = replace(row, remark=" ".join([row.remark, *extra]).strip())
            rows.append(row)
        rows += _quiz_rows(job, points)
    for unread in classes.unread:
        key, one = unread.key, unread.submission
        remark = " ".join([unread.sentence, *classes.remarks.get(one.path, [])])
        numbers = [*key.exercises, *_quiz_titles(key)] if key else [""]
        titles = {n: t for n, t, _ in exercises.get(key.lesson.number, [])} if key else {}
        titles |= _quiz_titles(key) if key else {}
        for number in numbers:
            rows.append(
                GradeRow(
                    one.student,
                    one.id,
                    key.lesson.name if key else "",
                    number,
                    "not read",
                    0.0,
                    points(number) if number else 0.0,
                    remark=remark if number == numbers[0] else "",
                    title=titles.get(number, ""),
                )
            )
    rows += _rows_of_absent(rows, roster, exercises, keys, points)
    return sort_rows(rows)


def _row(job: Job, result: dict, number: str, title: str, hints: list, of: float) -> GradeRow:
    """Return the row of one exercise of one notebook."""
    one, extract = job.submission, job.extract
    found = result.get("results", {}).get(number) or {"outcome": "stopped", "reasons": []}
    if "failed" in result:
        found = {"outcome": "stopped", "reasons": [["what happened", result["failed"]]]}
    outcome, reasons = found["outcome"], found["reasons"]
    remarks = [_sentence(text) for label, text in reasons if label in ("reason", "what happened")]
    remarks += extract.remarks.get(number, [])
    answer = extract.answers.get(number, "")
    look_at = reaching_words(answer)
    if outcome == "not attempted" and not answer:
        remarks.append(NOT_FOUND)
    if equals_ours(answer, job.key.answer_text(number)):
        remarks.append("The answer is ours, with other names or layout at most.")
    if look_at:
        remarks.append(f"A person should read this answer: it uses {', '.join(look_at)}.")
    hint = ""
    if outcome != "passed" and hints:
        level = min(extract.hints.get(number, 0) + 1, len(hints))
        hint = f"Hint {level} of {len(hints)}: {hints[level - 1]}"
    return GradeRow(
        one.student,
        one.id,
        job.key.lesson.name,
        number,
        outcome,
        of if outcome == "passed" else 0.0,
        of,
        tries=str(job.book.tries.get(number, "")),
        seconds=round_seconds(result.get("seconds", {}).get(number, 0.0)),
        remark=" ".join(remarks),
        title=title,
        reasons=tuple((label, text) for label, text in reasons),
        answer=answer,
        hint=hint,
        look_at=look_at,
    )


def _quiz_titles(key: AnswerKey) -> dict[str, str]:
    return {NAME.format(number): question.text for number, (question, _) in key.quiz.items()}


def _quiz_rows(job: Job, points: Callable[[str], float]) -> Iterator[GradeRow]:
    """Yield the row of each question of the quiz of one notebook."""
    one = job.submission
    for number, (question, answer) in job.key.quiz.items():
        name = NAME.format(number)
        word, chosen, reasons = outcome(question, answer, job.extract.quiz.get(number, ""))
        yield GradeRow(
            one.student,
            one.id,
            job.key.lesson.name,
            name,
            word,
            points(name) if word == "passed" else 0.0,
            points(name),
            remark=" ".join(_sentence(text) for label, text in reasons if label == "reason"),
            title=question.text,
            reasons=reasons,
            answer=chosen,
        )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _rows_of_absent(rows, roster, exercises, keys, points) -> list[GradeRow]:
    """Return rows for those in the class who sent no notebook of a lesson that others sent."""
    sent = {(row.key, row.lesson) for row in rows}
    absent = []
    for student in roster:
        for key in keys:
            lesson = key.lesson
            if lesson.number not in exercises or (student.key, lesson.name) in sent:
                continue
            titles = {number: title for number, title, _ in exercises[lesson.number]}
            for number, title in (titles | _quiz_titles(key)).items():
                remark = "No notebook of this lesson was handed in."
                absent.append(
                    GradeRow(
                        student.name,
                        student.key,
                        lesson.name,
                        number,
                        "not attempted",
                        0.0,
                        points(number),
                        remark=remark if number == key.exercises[0] else "",
                        title=title,
                    )
                )
    return absent


def write_results(
    out: Path,
    rows: list[GradeRow],
    classes: ClassList,
    course: Course,
    keys: Sequence[AnswerKey],
    roster: Sequence[Student],
    manual: Path | None,
    strangers: Sequence[str],
    walls: Sequence[Wall],
) -> str:
    """Write all files; return a sentence that says how many."""
    people = {}
    for row in rows:
        people[row.key] = people[row.student] = (row.student, row.id)
    for student in roster:
        people.setdefault(student.key, (student.name, student.key))
        people.setdefault(student.name, (student.name, student.key))
    if manual:
        rows = sort_rows([*rows, *read_manual_points(manual, course.grading.manual, people)])
    titles = {key.lesson.name: f"Lesson {key.lesson.number} · {key.lesson.title}" for key in keys}
    written = {
        (job.submission.key, job.key.lesson.name): job.extract.written
        for job in classes.jobs
        if job.extract.written
    }
    asked = {
        (key.lesson.name, cell.id): cell.question
        for key in keys
        for cell in key.cells
        if cell.role == "written"
    }
    students = {row.key: row.student for row in rows}
    ours = {number: key.answer_text(number) for key in keys for number in key.exercises}
    write_grades(out / "grades.csv", rows)
    write_gradebooks(out / "gradebooks", rows, roster)
    pages = write_feedback(out / "feedback", rows, written, titles, asked)
    questions = write_questions(out / "questions", written, students, asked)
    notes = {
        "Files that could not be read": [
            f"{one.submission.path} ({one.submission.student}): {one.sentence}"
            for one in classes.unread
        ],
        "Sent more than once": sorted(classes.superseded),
        "Names that are not in the roster": strangers,
    }
    pairs = find_like_pairs(rows, ours)
    write_overview(out / "overview.html", rows, pages, titles, pairs, notes, walls, questions)
    counts = Counter(row.outcome for row in rows)
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
    return f"{len(pages)} students, {len(rows)} rows ({outcomes}): {out / 'overview.html'}"
