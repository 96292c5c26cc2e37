"""Decide which notebook of each student counts, and say what happened to all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from course.tool.grade.answer_key import AnswerKey
from course.tool.grade.extraction import extract, identify_lesson
from course.tool.grade.grader import Job
from course.tool.grade.notebook_file import MAX_BYTES, UnreadableNotebook, parse_notebook
from course.tool.grade.submissions import Submission


@dataclass
class Unread:
    """A file that could not be graded: why, and for which lesson it was probably meant."""

    submission: Submission
    sentence: str
    key: AnswerKey | None = None


@dataclass
class ClassList:
    """The files that count, and those that do not.

    Args:
        jobs: The notebooks to grade.
        unread: Files that count, and that nobody can grade.
        superseded: Sentences on files that a newer one replaces.
        remarks: Path of a file -> sentences about it.
    """

    jobs: list[Job] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    remarks: dict[str, list[str]] = field(default_factory=dict)


def make_class_list(submissions: Sequence[Submission], keys: Sequence[AnswerKey]) -> ClassList:
    """Read every file, and keep the newest of each student and lesson."""
    found = ClassList()
    entries: list[Job | Unread] = []
    for one in submissions:
        remarks = found.remarks.setdefault(one.path, [])
        if one.late:
            remarks.append("Handed in late, as the platform says.")
        try:
            book = parse_notebook(_content(one))
            key = identify_lesson(book, keys)
        except UnreadableNotebook as error:
            entries.append(Unread(one, str(error)))
            continue
        remarks += book.remarks
        if book.source_hash and book.source_hash != key.source_hash:
            remarks.append("Made from another version of the lesson.")
        entries.append(Job(one, book, key, extract(book, key)))
    lessons = {entry.key.lesson.name: entry.key for entry in entries if isinstance(entry, Job)}
    only = next(iter(lessons.values())) if len(lessons) == 1 else None
    for entry in entries:
        if isinstance(entry, Unread):
            entry.key = _guess_lesson(entry.submission.file_name, keys) or only
    groups: dict[tuple[str, str], list[Job | Unread]] = {}
    for entry in entries:
        lesson = entry.key.lesson.name if entry.key else entry.submission.path
        groups.setdefault((entry.submission.key, lesson), []).append(entry)
    for group in groups.values():
        _keep_newest(sorted(group, key=lambda entry: entry.submission.age), found)
    return found


def _content(one: Submission) -> bytes:
    if one.size > MAX_BYTES:
        size = f"{one.size / 2**20:.0f} MB"
        raise UnreadableNotebook(f"The file has {size}; ask for it without its outputs.")
    if one.size and not one.data:
        raise UnreadableNotebook("The file cannot be read out of its archive. Ask for it again.")
    return one.data


def _guess_lesson(file_name: str, keys: Sequence[AnswerKey]) -> AnswerKey | None:
    """Return the lesson that a file name speaks of; only for files that cannot be read."""
    for key in keys:
        number = rf"(?<!\d){key.lesson.name[:2]}(?!\d)|lesson[ _-]*{key.lesson.number}(?!\d)"
        if key.lesson.name[3:] in file_name or re.search(number, file_name, re.IGNORECASE):
            return key
    return None


def _keep_newest(group: list[Job | Unread], found: ClassList) -> None:
    newest = group[-1]
    if isinstance(newest, Job):
        found.jobs.append(newest)
    else:
        found.unread.append(newest)
    older = group[:-1]
    if not older:
        return
    submission = newest.submission
    same = [one for one in older if one.submission.data == submission.data]
    for one in older:
        what = "the same file again" if one in same else "an older version"
        text = f"{one.submission.path} of {submission.student} is {what}: {submission.path} counts"
        found.superseded.append(f"{text} ({_date(submission.time)}).")
    count = len(older) + 1
    text = f"Sent {count} times; the newest counts ({submission.file_name})."
    found.remarks[submission.path].append(text)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
