"""``python -m course grade``: grade the notebooks of a class in a sandbox, and write feedback."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from colorlib.io.threads import available_cores
from course.tool import course_config
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.grade import sandbox
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.class_list import make_class_list
from course.tool.grade.grader import Grader
from course.tool.grade.results import collect_rows, write_results
from course.tool.grade.roster import match_roster, read_roster
from course.tool.grade.sandbox import Limits
from course.tool.grade.submissions import find_submissions
from course.tool.grade.walls import missing_walls, try_walls


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    limits = Limits()
    add = parser.add_argument
    add("submissions", type=Path, help="a folder, or a zip from Canvas, Moodle or Classroom")
    add("--out", type=Path, required=True, help="the folder for grades; it resumes what is there")
    add("--roster", type=Path, help="a CSV file with the class: name, id, email")
    add("--manual", type=Path, help="a CSV file of points by hand: student, item, points, remark")
    add(
        "--workers",
        type=int,
        default=available_cores(),
        help="notebooks at the same time (default: cores)",
    )
    add("--cell-seconds", type=float, default=limits.cell_seconds, help="default: %(default)g")
    add(
        "--notebook-seconds",
        type=float,
        default=limits.notebook_seconds,
        help="default: %(default)g",
    )
    add("--memory-mb", type=int, default=limits.memory_mb, help="default: %(default)s")
    add(
        "--without-sandbox",
        action="store_true",
        help="grade even where files or network have no wall: only where there is nothing to lose",
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Grade everything; return 0 if every file was read."""
    _check_folders(args.submissions, args.out)
    limits = Limits(
        memory_mb=args.memory_mb,
        cell_seconds=args.cell_seconds,
        notebook_seconds=args.notebook_seconds,
    )
    course = course_config.load(root)
    keys = [load_answer_key(root, lesson) for lesson in course.lessons]
    submissions = find_submissions(args.submissions, [lesson.name for lesson in course.lessons])
    roster = read_roster(args.roster) if args.roster else []
    submissions, strangers = match_roster(submissions, roster) if roster else (submissions, [])

    hidden = [args.submissions.resolve(), args.out.resolve()]
    hidden += [root / name for name in ("solutions", "lessons", "course", ".git")]
    args.out.mkdir(parents=True, exist_ok=True)
    kind = sandbox.level()
    walls = try_walls(kind, limits, hidden)
    _print_walls(walls)
    if (missing := missing_walls(walls)) and not args.without_sandbox:
        raise CourseError(
            f"the sandbox has no wall around {' and '.join(missing)} on this machine: grade on "
            f"Linux with user namespaces, or pass --without-sandbox where there is nothing to lose."
        )
    classes = make_class_list(submissions, keys)
    grader = Grader(args.out / "kept", kind, limits, hidden, max(1, args.workers))
    results = {}
    with tqdm(total=len(classes.jobs), desc="notebooks", file=sys.stderr) as bar:
        for job, result in grader.grade(classes.jobs):
            results[job.submission.path] = result
            bar.update()
    rows = collect_rows(classes, results, grader.exercises, course, roster, keys)
    written = write_results(
        args.out, rows, classes, course, keys, roster, args.manual, strangers, walls
    )
    print(written)
    return 0


def _check_folders(submissions: Path, out: Path) -> None:
    source, target = submissions.resolve(), out.resolve()
    if source.is_dir() and (target == source or source in target.parents):
        raise CourseError(f"--out {out} is inside the submissions: choose a folder elsewhere.")
    if out.exists() and not out.is_dir():
        raise CourseError(f"--out {out} is a file, expected a folder: choose another name.")


def _print_walls(walls) -> None:
    print("The walls of the sandbox on this machine:", file=sys.stderr)
    for wall in walls:
        print(
            f"  {wall.name:<10} {'yes' if wall.stands else 'MISSING':<8} {wall.text}",
            file=sys.stderr,
        )
