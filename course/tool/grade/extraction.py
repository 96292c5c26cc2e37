"""Take a student's answers out of a notebook and put them into the instructor's own notebook.

The result is a program: the cells of the lesson that the answers need, the student's cells, and the
instructor's checks. What became of the check cells in the student's notebook does not matter.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from course.tool.grade.answer_key import CHECK_CALL, HEADING, AnswerKey, KeyCell
from course.tool.grade.names import KEPT, changed_names, defined_names, needed_names, python_source
from course.tool.grade.notebook_file import Cell, SubmittedNotebook, UnreadableNotebook
from course.tool.grade.quiz_rows import read_letters

READY = re.compile(r"\b(?:print_ready|ready)\(\s*[\"'](\d\d_\w+)[\"']")
HINT_CALL = re.compile(r"\bcheck\.q(\d+)_(\d+)\.hint\(\s*(?:level\s*=\s*)?(\d*)")
MIN_SCORE = 3  # points of evidence for a lesson; a heading or a check call is worth as much
SCRATCH = ("lesson", "first")  # roles of the cells that a student may only add to


@dataclass(frozen=True)
class Step:
    """One cell to run.

    Args:
        role: ``lesson`` (the instructor's), ``student``, ``check``, or ``missing`` (a check whose
            answer is not in the notebook).
        source: Its text.
        exercise: The number of its exercise, or "".
        cell: The number of the cell in the student's notebook, or 0.
        is_answer: Whether the student's cell is the answer, and not a helper.
        names: For a check: the names that it takes.
    """

    role: str
    source: str
    exercise: str = ""
    cell: int = 0
    is_answer: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extract:
    """The program and the texts that were taken from a notebook.

    Args:
        steps: The program.
        answers: Number of an exercise -> the student's code, for people to read.
        quiz: Number of a question -> the letter that the notebook gives.
        written: Id of a cell to write in -> what the student wrote there.
        hints: Number of an exercise -> how many hints the notebook asks for.
        remarks: Number of an exercise, or "" for the notebook -> sentences.
    """

    steps: tuple[Step, ...]
    answers: dict[str, str]
    quiz: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)

    def program(self) -> list[dict]:
        """Return the steps as plain values."""
        return [asdict(step) for step in self.steps]


def identify_lesson(book: SubmittedNotebook, keys: Sequence[AnswerKey]) -> AnswerKey:
    """Return the lesson of a notebook, from its metadata and its content; its name plays no part.

    Raises:
        UnreadableNotebook: If it is not a lesson of the course.
    """
    sources = [cell.source for cell in book.cells]
    numbers = [int(number) for source in sources for number, _ in CHECK_CALL.findall(source)]
    numbers += [int(name.split(".")[0]) for text in sources for name in HEADING.findall(text)]
    ready = [name for source in sources for name in READY.findall(source)[:1]]
    texts = Counter(map(_normalised, sources))
    scores = {}
    for key in keys:
        score = 1000 * (bool(book.source_hash) and book.source_hash == key.source_hash)
        own = {_normalised(text) for one in key.cells for text in (one.stub, one.source)}
        score += sum(texts[text] for text in own)
        score += 3 * numbers.count(key.lesson.number) + 5 * ready.count(key.lesson.name)
        scores[key.lesson.name] = score
    best = max(keys, key=lambda key: scores[key.lesson.name])
    if scores[best.lesson.name] < MIN_SCORE or not sources:
        raise UnreadableNotebook("No lesson of this course was recognised in the notebook.")
    return best


def extract(book: SubmittedNotebook, key: AnswerKey) -> Extract:
    """Compose the program that checks a student's answers."""
    placed, matched = _place(book, key)
    steps, remarks, answers = [], {}, {}
    for index, cell in enumerate(key.cells):
        own = matched.get(index)
        if cell.role == "answer" and own is not None:
            steps.append(Step("student", own.source, cell.exercise, own.number, True))
        elif cell.role in SCRATCH:
            if cell.role == "lesson":
                steps.append(Step("lesson", cell.source, cell.exercise))
            added = _added_statements(own, cell)
            steps += [Step("student", added, cell.exercise, own.number)] if added else []
        elif cell.role == "check":
            names = needed_names(cell.source) - {"check"}
            steps.append(Step("check", cell.source, cell.exercise, names=tuple(sorted(names))))
        for helper in placed.get(index, []):
            steps.append(Step("student", helper.source, "", helper.number))
    steps = _move_late_answers(steps, remarks)
    steps = _mark_missing(steps, key)
    for exercise in key.exercises:
        answers[exercise] = _answer_text(steps, exercise, key)
    if not any(cell.id in {one.id for one in key.cells} for cell in book.cells):
        remarks.setdefault("", []).append("The cells have lost their ids; found by their content.")
    return Extract(
        tuple(_needed_steps(steps)),
        answers,
        read_letters(book.cells),
        _written(book, key, matched),
        _hints(book),
        remarks,
    )


@lru_cache(KEPT)
def _normalised(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _place(book: SubmittedNotebook, key: AnswerKey):
    """Match the student's cells with the lesson's; return helpers by the cell above them, matches.

    A cell is found by its id, else by its text, else by what it says: the heading of an exercise,
    the call of a check, or the name that an answer defines.
    """
    matched: dict[int, Cell] = {}
    free = dict(enumerate(book.cells))
    by_id = {cell.id: index for index, cell in enumerate(key.cells)}
    for number, cell in list(free.items()):
        index = by_id.get(cell.id)
        if index is not None and index not in matched and key.cells[index].kind == cell.kind:
            matched[index] = free.pop(number)
    for rule in (_same_text, _same_sign, _same_names):
        for number, cell in list(free.items()):
            for index, one in enumerate(key.cells):
                if index not in matched and one.kind == cell.kind and rule(cell, one):
                    matched[index] = free.pop(number)
                    break
    position = {cell.number: index for index, cell in matched.items()}
    placed: dict[int, list[Cell]] = {}
    anchor = 0
    for cell in book.cells:
        anchor = position.get(cell.number, anchor)
        is_check = CHECK_CALL.search(cell.source) and not defined_names_of_functions(cell.source)
        if cell.number not in position and cell.kind == "code" and not is_check:
            placed.setdefault(anchor, []).append(cell)
    return placed, matched


@lru_cache(KEPT)
def defined_names_of_functions(source: str) -> list[str]:
    """Return the names of the functions and classes of a cell; an unreadable cell has none."""
    try:
        body = ast.parse(python_source(source)).body
    except (SyntaxError, ValueError, RecursionError):
        return re.findall(r"(?m)^(?:async )?(?:def|class) (\w+)", source)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in body if isinstance(node, kinds)]


def _same_text(cell: Cell, one: KeyCell) -> bool:
    text = _normalised(cell.source)
    return bool(text) and text in (_normalised(one.stub), _normalised(one.source))


def _same_sign(cell: Cell, one: KeyCell) -> bool:
    if one.role == "heading":
        heading = HEADING.search(one.source)[1]
        return HEADING.findall(cell.source)[:1] == [heading]
    if one.role == "check":
        call = CHECK_CALL.search(one.source).groups()
        found = CHECK_CALL.findall(cell.source)
        return found[:1] == [call] and not defined_names_of_functions(cell.source)
    return False


def _same_names(cell: Cell, one: KeyCell) -> bool:
    if one.role != "answer":
        return False
    wanted = defined_names_of_functions(one.source) or defined_names(one.source)
    return bool(set(wanted) & set(defined_names_of_functions(cell.source)))


def _added_statements(own: Cell | None, cell: KeyCell) -> str:
    """Return what a student added to a cell of the lesson, for example an import; else ""."""
    if own is None or _normalised(own.source) in (_normalised(cell.stub), _normalised(cell.source)):
        return ""
    if CHECK_CALL.search(own.source):
        return ""
    try:
        ours = Counter(ast.unparse(node) for node in ast.parse(python_source(cell.source)).body)
        theirs = ast.parse(python_source(own.source)).body
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return "\n".join(ast.unparse(node) for node in theirs if ast.unparse(node) not in ours)


def _move_late_answers(steps: list[Step], remarks: dict[str, list[str]]) -> list[Step]:
    """Move cells that define an answer below its check to the place above the check."""
    result = list(steps)
    for check in [step for step in steps if step.role == "check"]:
        start = result.index(check)
        end = start + 1
        while end < len(result) and result[end].role != "check" and not result[end].is_answer:
            end += 1
        for step in result[start + 1 : end]:
            late = set(defined_names_of_functions(step.source)) & set(check.names)
            if step.role == "student" and late:
                result.remove(step)
                result.insert(result.index(check), step)
                text = f"The answer was below its check (cell {step.cell})."
                remarks.setdefault(check.exercise, []).append(text)
    return result


def _mark_missing(steps: list[Step], key: AnswerKey) -> list[Step]:
    """Turn a check into a missing one if no cell of the student defines its answer."""
    result, written = [], set()
    for step in steps:
        if step.role == "student":
            written |= set(defined_names(step.source)) | set(
                defined_names_of_functions(step.source)
            )
            if step.is_answer:
                written |= set(key.answer_names(step.exercise))
        if step.role == "check":
            role = "check" if set(step.names) & written else "missing"
            step = Step(role, step.source, step.exercise, names=step.names)
            written = set()
        result.append(step)
    return result


def _needed_steps(steps: list[Step]) -> list[Step]:
    """Keep answers, checks, and the cells that define or change what they use; the rest is left."""
    keep = {
        i for i, step in enumerate(steps) if step.is_answer or step.role in ("check", "missing")
    }
    defines = [_defines(step) for step in steps]
    work = sorted(keep)
    while work:
        at = work.pop()
        for name in needed_names(steps[at].source) | set(steps[at].names):
            for index in _definers(steps, defines, name, at):
                if index not in keep:
                    keep.add(index)
                    work.append(index)
    return [step for index, step in enumerate(steps) if index in keep]


def _defines(step: Step) -> set[str]:
    if step.role == "student":
        return changed_names(step.source)
    return set(step.names) if step.role == "missing" else set(defined_names(step.source))


def _definers(steps: list[Step], defines: list[set[str]], name: str, at: int) -> list[int]:
    """Return the last cell above that defines a name, and the student's cells up to the check.

    If that cell is the student's, the last one of the lesson is needed, too: the student's may
    raise an error, or be left out.
    """
    above = [i for i in range(at) if name in defines[i]]
    full = [i for i in above if name in defined_names(steps[i].source) or steps[i].names]
    last = full[-1] if full else -1
    ours = next((i for i in reversed(full) if steps[i].role != "student"), -1)
    end = next((i for i in range(at, len(steps)) if steps[i].names), len(steps))
    students = [
        i for i in range(max(last, 0), end) if steps[i].role == "student" and name in defines[i]
    ]
    return sorted({*students, *(i for i in (last, ours) if i >= 0)} - {at})


def _answer_text(steps: list[Step], exercise: str, key: AnswerKey) -> str:
    """Return the student's code of an exercise, as it runs before its check."""
    end = next(i for i, step in enumerate(steps) if step.names and step.exercise == exercise)
    start = next((i for i in range(end - 1, -1, -1) if steps[i].names), -1)
    own = steps[start + 1 : end]
    wanted = set(steps[end].names) | set(key.answer_names(exercise))
    texts = [
        step.source.strip()
        for step in own
        if step.role == "student" and (step.is_answer or wanted & _defines(step))
    ]
    return "\n\n\n".join(texts)


def _written(book: SubmittedNotebook, key: AnswerKey, matched: dict[int, Cell]) -> dict[str, str]:
    """Return the text of the cells to write in, where it is not the text of the lesson."""
    found = {}
    for index, cell in enumerate(key.cells):
        own = matched.get(index)
        if cell.role == "written" and own and _normalised(own.source) != _normalised(cell.stub):
            found[cell.id] = _own_words(own.source, cell.stub)
    return found


def _own_words(text: str, stub: str) -> str:
    """Return a text without what the lesson says in that cell: ``*Your prediction:* ...``.

    Example:
        >>> _own_words("*Why:* it doubles", "*Why:* write it here.")
        'it doubles'
    """
    label = stub.partition(":*")[0] + ":*"
    return text.replace(stub, "").strip().removeprefix(label).strip() or text


def _hints(book: SubmittedNotebook) -> dict[str, int]:
    """Count the hints that a student has asked for."""
    hints: dict[str, int] = {}
    for cell in book.cells:
        for lesson, number, level in HINT_CALL.findall(cell.source):
            exercise = f"{lesson}.{number}"
            hints[exercise] = max(hints.get(exercise, 0) + 1, int(level or 0))
    return hints
