"""A new lesson has every part; only its words are still to be written."""

import argparse
import subprocess
import sys
import tomllib

import pytest

from course.tool import check, course_config, new_lesson, notebooks
from course.tool.cli import COMMANDS, CourseError
from course.tool.lints.exercises import exercises
from course.tool.lints.notebook_parsing import LessonNotebook

ALLOWED = ("not written yet", "never executed", "outputs are older than the source")


def make(tiny, name):
    return new_lesson.main(argparse.Namespace(name=name), tiny.root)


def test_new_lesson_lacks_only_words_and_a_run(tiny, capsys):
    assert make(tiny, "09_fresh_paint") == 0
    findings = [str(finding) for finding in check.findings(tiny.root)]
    assert all("09_fresh_paint" in line for line in findings)
    assert [line for line in findings if not any(part in line for part in ALLOWED)] == []
    assert all(any(part in line for line in findings) for part in ALLOWED)
    out = capsys.readouterr().out
    assert "colorlib/check/lesson09.py" in out and "lessons/09_fresh_paint.ipynb written" in out


def test_new_lesson_has_its_number_and_name(tiny):
    make(tiny, "09_fresh_paint")
    lesson = course_config.load(tiny.root).lessons[1]
    assert (lesson.name, lesson.title, lesson.number) == ("09_fresh_paint", "Fresh paint", 9)
    nb = notebooks.read(tiny.root / "solutions/09_fresh_paint.ipynb")
    text = "\n".join(cell.source for cell in nb.cells)
    assert "NUMBER" not in text and "NAME" not in text.replace("OWNER/NAME", "")
    assert 'print_ready("09_fresh_paint")' in text
    book = LessonNotebook("solutions/09_fresh_paint.ipynb", nb, lesson)
    titles = [exercise.title.split(" · ")[0] for exercise in exercises(book)]
    assert titles == [f"### Exercise 9.{n}" for n in (1, 2, 3, 4)]
    checks = tiny.root / "colorlib/check"
    assert '"9.4"' in (checks / "lesson09.py").read_text("utf-8")
    compile((checks / "lesson09.py").read_text("utf-8"), "lesson09.py", "exec")
    assert list(tomllib.loads((checks / "exercises.toml").read_text("utf-8"))) == [
        f"9.{n}" for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_imported_first(name):
    code = f"from course.tool.cli import import_command; import_command({name!r})"
    assert subprocess.run([sys.executable, "-c", code], cwd=course_config.ROOT).returncode == 0


def test_check_names_everything_that_a_new_lesson_lacks(tiny):
    make(tiny, "09_fresh_paint")
    (tiny.root / "course/instructor-guide.md").write_text("# Guide\n", "utf-8")
    (tiny.root / "course/syllabus.md").write_text("# Weeks\n", "utf-8")
    checks = tiny.root / "colorlib/check"
    (checks / "lesson09_more.py").write_text("x = 1\n" * 401, "utf-8")
    graders = (checks / "lesson09.py").read_text("utf-8")
    (checks / "lesson09.py").write_text(graders.replace('"9.4": ', '"9.5": '), "utf-8")
    (checks / "exercises.toml").write_text(
        (checks / "exercises.toml").read_text("utf-8") + '\n["7.1"]\ntitle = "Gone"\n', "utf-8"
    )
    for left in ("colorlib/check/lesson07_more.py", "course/pictures/map_7.webp"):
        (tiny.root / left).parent.mkdir(exist_ok=True)
        (tiny.root / left).touch()
    found = "\n".join(str(finding) for finding in check.findings(tiny.root))
    for part in (
        "course/pictures/09_fresh_paint.webp: does not exist: make it from a figure",
        "course/pictures/map_9.webp: does not exist: draw the maps: python -m course pictures",
        "colorlib/check/lesson09.py: not written yet",
        "(header): not written yet: replace each 'WRITE:' in the lesson's entry of course/course",
        "colorlib/check/lesson09.py: GRADERS has no '9.4': write its grader",
        "check/answers_lesson09.toml: 0 wrong answers of students to exercise 9.1, expected",
        "exercises.toml: its exercises of lesson 7 have no lesson: remove them",
        "colorlib/check/lesson07_more.py: has no lesson: remove it",
        "course/pictures/map_7.webp: has no lesson: remove it",
        "colorlib/check/exercises.toml: lesson 9: replace each 'WRITE:'",
        "colorlib/check/lesson01.py: does not exist",
        "colorlib/check/lesson09_more.py: 401 lines, expected at most 400: move one exercise",
        "exercises.toml: exercise 1.1 of solutions/01_tiny.ipynb has no title and hints",
        "words of text, expected at least 1000",
        "instructor-guide.md: the section '## Lesson 9 · Fresh paint' is missing: write **Hard.**",
        "glossary.md: its last lines lack '[9]: ../lessons/09_fresh_paint.ipynb'",
        "syllabus.md: no week and no day names lesson 9",
    ):
        assert part in found


def test_lost_files_are_findings_and_no_error(tiny):
    (tiny.root / "lessons/01_tiny.ipynb").unlink()
    (line,) = map(str, check.findings(tiny.root))
    assert line == "lessons/01_tiny.ipynb does not exist: run python -m course build."
    (tiny.root / "solutions/01_tiny.ipynb").unlink()
    (line,) = map(str, check.findings(tiny.root))
    assert line.startswith("solutions/01_tiny.ipynb does not exist: write it, or take its entry")


def test_new_lesson_is_inserted_in_order(tiny):
    before = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    make(tiny, "00_first")
    make(tiny, "03_third")
    assert [lesson.number for lesson in course_config.load(tiny.root).lessons] == [0, 1, 3]
    text = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    assert text.startswith("# A comment that stays.\n")
    assert before.partition("[[lesson]]")[2].strip() in text
    assert "(03_third.ipynb)" in tiny.cell(tiny.read("lessons"), "footer").source
    assert "Third" in (tiny.root / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fresh", "expected two digits and a word"),
        ("09_Fresh", "expected two digits and a word"),
        ("01_other", "lesson 1 is '01_tiny' already"),
        ("09_mine", "exists: add it to"),
    ],
)
def test_new_lesson_with_bad_name_writes_nothing(tiny, name, message):
    (tiny.root / "solutions/09_mine.ipynb").write_text("mine", "utf-8")
    before = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    with pytest.raises(CourseError, match=message):
        make(tiny, name)
    assert (tiny.root / course_config.COURSE_TOML).read_text("utf-8") == before
    assert len(list((tiny.root / "solutions").iterdir())) == 2
    assert (tiny.root / "solutions/09_mine.ipynb").read_text("utf-8") == "mine"
