"""Grade a made-up class of sixty or more for each lesson, and say whether every grade is right.

    python -m tests.course.class_of_sixty FOLDER [--lessons 3 4]

For each lesson, one command grades the class. A second run must write the same bytes, and so must a
run that is killed in the middle and started again. Nothing outside the grades may change. It takes
minutes for each lesson; the tables that it prints are Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

from colorlib import check
from course.tool import course_config
from course.tool.course_config import ROOT, Lesson
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.pages import file_name
from tests.colorlib.check.answer_tables import Answer, load_answers
from tests.course.hostile_submissions import broken_kinds, hostile_kinds
from tests.course.submission_maker import Kind, Material, honest_kinds, read_rows, wrong_grades

ANSWERS = ROOT / "tests/colorlib/check"
CELL_SECONDS = "10"  # honest cells need less, also on a busy machine
VARIANTS = 8  # of notebooks that hold other wrong answers
OURS = "The answer is ours, with other names or layout at most."
WATCHED = ("colorlib", "course", "lessons", "solutions", "tests")
LESSON_HEAD = "| Lesson | Submissions | Hostile or broken | Minutes | Wrong grades | Second run | \
Killed and resumed | Canaries |\n|:--|--:|--:|--:|--:|:--|:--|:--|"


def main() -> int:
    """Grade the classes of all lessons or of those named; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="an empty folder for submissions and grades")
    parser.add_argument("--lessons", type=int, nargs="+", help="numbers (default: all)")
    parser.add_argument("--no-kill", action="store_true", help="leave out the run that is killed")
    args = parser.parse_args()
    lessons = course_config.load(ROOT).lessons
    met, problems = defaultdict(set), []
    print(LESSON_HEAD, flush=True)
    for lesson in lessons:
        if args.lessons is None or lesson.number in args.lessons:
            base = args.folder.resolve() / lesson.name
            problems += show(lesson, base, met, is_killed=not args.no_kill)
    print("\n| Kind | What it met |\n|:--|:--|")
    for name, outcomes in met.items():
        print(f"| {name} | {'; '.join(sorted(outcomes))} |")
    for problem in problems:
        print(problem)
    return int(bool(problems))


def show(lesson: Lesson, base: Path, met: dict[str, set[str]], is_killed: bool) -> list[str]:
    """Grade the class of one lesson, print its row, add what hostile kinds met; return problems."""
    canary = base / "outside/canary.txt"
    canary.parent.mkdir(parents=True)
    canary.write_text("tweet", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        of = material(lesson)
        kinds = class_of(of, canary, server.getsockname()[1])
        write_class(kinds, base / "submissions")
        before = watched(base)
        start = time.monotonic()
        run_grade(base / "submissions", base / "grades")
        minutes = (time.monotonic() - start) / 60
        first = results_of(base / "grades")
        run_grade(base / "submissions", base / "grades")
        second = results_of(base / "grades")
        resumed = first
        if is_killed:
            run_grade(base / "submissions", base / "resumed", kill_after=len(kinds) // 2)
            run_grade(base / "submissions", base / "resumed")
            resumed = results_of(base / "resumed")
        intact = watched(base) == before
    rows = read_rows(base / "grades")
    problems = wrong_grades(kinds, rows, of.exercises, texts_of_pages(base / "grades", rows))
    hostile = [kind for kind in kinds if kind.hostile]
    for kind in hostile:
        met[kind.name].add(what_it_met(kind, rows[kind.folder], of))
    facts = [lesson.name, len(kinds), len(hostile), f"{minutes:.1f}", len(problems)]
    facts += [word(second == first, "equal")]
    facts += [word(resumed == first, "equal") if is_killed else "not tried"]
    facts += [word(intact, "unchanged")]
    print(f"| {' | '.join(map(str, facts))} |", flush=True)
    right = second == first and resumed == first and intact
    return problems + ([] if right else [f"{lesson.name}: files differ, see {base}"])


def word(is_so: bool, name: str) -> str:
    """Return a word, or that it is not so."""
    return name if is_so else f"NOT {name}"


def material(lesson: Lesson) -> Material:
    """Return what submissions of a lesson are made of: our answers, and mistakes of students."""
    key = load_answer_key(ROOT, lesson)
    right = {n: without_markers(key.answer_text(n)) for n in key.exercises}
    call = {n: key.cells_of(n, "check")[0].source for n in key.exercises}
    checked = {n: re.search(r"check\.q\d+_\d+\((\w+)\)", call[n])[1] for n in key.exercises}
    wrong = {n: mistakes(lesson, n, checked[n])[0] for n in key.exercises}
    return Material(lesson.name, right, wrong, checked)


def mistakes(lesson: Lesson, exercise: str, name: str) -> list[tuple[str, str]]:
    """Return wrong answers of students: code that runs, and a part of the likely cause."""
    return [
        (cell_of(answer), answer.cause)
        for answer in answers(lesson, "wrong", exercise, name)
        if answer.cause and outcome(answer) == "wrong"
    ]


def answers(lesson: Lesson, kind: str, exercise: str, name: str) -> list[Answer]:
    """Return the answers in the tables of one kind whose function has the name of the stub."""
    path = ANSWERS / f"answers_lesson{lesson.number:02d}.toml"
    found = [one for one in load_answers(path, kind) if one.exercise == exercise]
    return [one for one in found if one.build().__name__ == name]


def cell_of(answer: Answer) -> str:
    """Return the text of a cell with an answer and the names that it needs."""
    return f"{answer.prelude.strip()}\n\n\n{without_markers(answer.code).strip()}"


def without_markers(code: str) -> str:
    """Return code without the lines that mark an answer of ours."""
    return re.sub(r"(?m)^ *### (BEGIN|END) SOLUTION$\n?", "", code).rstrip()


def outcome(answer: Answer) -> str:
    """Return what the library's check says of an answer, without any grader."""
    exercise = getattr(check, f"q{answer.exercise.replace('.', '_')}")
    with contextlib.redirect_stdout(None), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return exercise.grade(answer.build()).outcome.word


def class_of(of: Material, canary: Path, port: int) -> list[Kind]:
    """Return every kind of submission of one lesson, sixty or more."""
    (lesson,) = [one for one in course_config.load(ROOT).lessons if one.name == of.lesson]
    kinds = [*honest_kinds(of), *broken_kinds(of), *hostile_kinds(canary, port, of)]
    all_wrong = {n: mistakes(lesson, n, of.checked[n]) for n in of.exercises}
    for number in range(VARIANTS):
        chosen = {n: found[number % len(found)] for n, found in all_wrong.items()}
        code = {n: answer for n, (answer, _) in chosen.items()}
        kind = of.kind(f"mistakes {number + 1}", code, expected=of.all_outcomes("wrong"))
        kind.causes = tuple(cause for _, cause in chosen.values())
        kinds.append(kind)
    for n in of.exercises:
        for number, answer in enumerate(answers(lesson, "right", n, of.checked[n]), 1):
            kinds.append(of.kind(f"unusual {n}, {number}", of.replaced(n, cell_of(answer))))
    return kinds


def write_class(kinds: list[Kind], folder: Path) -> None:
    """Write each submission into a folder of its own, which is the student's name."""
    for kind in kinds:
        path = folder / kind.folder / kind.file_name
        path.parent.mkdir(parents=True)
        path.write_bytes(kind.data)


def run_grade(submissions: Path, out: Path, kill_after: int = 0) -> None:
    """Run the command; end it with SIGKILL as soon as so many results are kept."""
    words = ["-m", "course", "grade", str(submissions), "--out", str(out)]
    command = [sys.executable, *words, "--cell-seconds", CELL_SECONDS]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while kill_after and run.poll() is None and len(list(out.glob("kept/*.json"))) < kill_after:
        time.sleep(0.05)
    if kill_after:
        run.send_signal(signal.SIGKILL)
    status = run.wait()
    expected = -signal.SIGKILL if kill_after else 0
    if status != expected or (kill_after and (out / "grades.csv").exists()):
        raise SystemExit(f"{' '.join(command)} ended with {status}, expected {expected}.")


def watched(base: Path) -> dict[Path, bytes]:
    """Return the bytes of all files that grading must not change."""
    found = {}
    for folder in (base / "outside", base / "submissions", *(ROOT / name for name in WATCHED)):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found[path] = path.read_bytes()
    return found


def results_of(out: Path) -> dict[str, bytes]:
    """Return what a second run must write again: everything but the kept results."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "kept" not in path.parts
    }


def texts_of_pages(out: Path, rows: dict[str, dict]) -> dict[str, str]:
    """Return the words of each student's feedback page."""
    pages = {name: out / "feedback" / file_name(name, name) for name in rows}
    return {name: html.unescape(path.read_text("utf-8")) for name, path in pages.items()}


def what_it_met(kind: Kind, rows: dict[str, dict[str, str]], of: Material) -> str:
    """Return the outcome of the exercise that a hostile kind is about, and the remark on it."""
    exercise = next(iter(kind.expected), of.first)
    row, first = rows.get(exercise) or rows[""], next(iter(rows.values()))
    said = (row["remark"] or first["remark"]).replace(OURS, "").replace(exercise, "N")
    sentences = re.split(r"(?<=\.) (?=[A-Z])", said.replace("|", "/").strip())
    return f"{row['outcome']}: {sentences[0]}".strip(": ")


if __name__ == "__main__":
    sys.exit(main())
