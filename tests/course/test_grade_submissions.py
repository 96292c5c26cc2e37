"""Submissions: names of files of the platforms, archives, rosters, newest files, points."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from course.tool import course_config
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.class_list import make_class_list
from course.tool.grade.gradebooks import write_gradebooks
from course.tool.grade.roster import match_roster, read_roster
from course.tool.grade.rows import GradeRow, read_manual_points, write_csv
from course.tool.grade.submissions import find_submissions
from tests.course import submission_maker as maker

COURSE = course_config.load(ROOT)
NAMES = [lesson.name for lesson in COURSE.lessons]
KEYS = [load_answer_key(ROOT, COURSE.lessons[3])]
NOTEBOOK = maker.to_bytes(maker.notebook())


def find(source):
    return find_submissions(source, NAMES)


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("path", "student", "number", "late", "attempt"),
    [
        ("doejane_10234_555123_03_patchgan.ipynb", "doejane", "10234", False, 0),
        ("doejane_LATE_10234_555123_03_patchgan-2.ipynb", "doejane", "10234", True, 2),
        ("Jane Doe_10234_assignsubmission_file_/03_patchgan.ipynb", "Jane Doe", "10234", False, 0),
        ("Jane Doe_10234_assignsubmission_file/03.ipynb", "Jane Doe", "10234", False, 0),
        ("José O'Neil_7_assignsubmission_file_mine.ipynb", "José O'Neil", "7", False, 0),
        ("Jane Doe - 03_patchgan.ipynb", "Jane Doe", "", False, 0),
        ("Jane Doe - Copy of 03_patchgan.ipynb", "Jane Doe", "", False, 0),
        ("jane/03_patchgan.ipynb", "jane", "", False, 0),
        ("jane/03_patchgan/03_patchgan.ipynb", "jane", "", False, 0),
        ("03_patchgan/jane.ipynb", "jane", "", False, 0),
        ("jane_03_patchgan.ipynb", "jane", "", False, 0),
        ("03_patchgan_jane doe (1).ipynb", "jane doe", "", False, 0),
        ("lesson 3 - jane.ipynb", "jane", "", False, 0),
        ("jane.ipynb", "jane", "", False, 0),
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_student_is_read_from_the_path(tmp_path, path, student, number, late, attempt, archived):
    files = {path: NOTEBOOK, "Zoe Zett_9_assignsubmission_file/03_patchgan.ipynb": NOTEBOOK}
    if archived:
        source = write_zip(tmp_path / "submissions.zip", files)
    else:
        source = tmp_path
        for name, data in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
    found = {one.student: one for one in find(source)}
    assert set(found) == {student, "Zoe Zett"}
    one = found[student]
    assert (one.id, one.late, one.attempt, one.data) == (number, late, attempt, NOTEBOOK)


def test_junk_links_and_wrong_paths_are_left_out(tmp_path):
    inner = io.BytesIO()
    write_zip(inner, {"deep/03_patchgan.ipynb": NOTEBOOK})
    files = {
        "__MACOSX/jane/._a.ipynb": b"",
        "jane/.ipynb_checkpoints/a-checkpoint.ipynb": b"",
        "../../../etc/evil.ipynb": NOTEBOOK,
        "jane/a.ipynb": NOTEBOOK,
        "joe/all.zip": inner.getvalue(),
    }
    found = find(write_zip(tmp_path / "a.zip", files))
    assert sorted(one.path for one in found) == [
        "etc/evil.ipynb",
        "jane/a.ipynb",
        "joe/all.zip/deep/03_patchgan.ipynb",
    ]
    assert {one.student for one in found} == {"etc", "jane", "joe"}
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.ipynb").write_bytes(NOTEBOOK)
    os.symlink("/etc/passwd", folder / "b.ipynb")
    assert [one.path for one in find(folder)] == ["a.ipynb"]


def test_missing_and_empty_sources_are_explained(tmp_path):
    with pytest.raises(CourseError, match="not a folder, a zip archive or a notebook"):
        find(tmp_path / "nothing")
    with pytest.raises(CourseError, match="holds no file"):
        find(tmp_path)


def test_other_files_travel_with_the_notebook(tmp_path):
    for name, data in {
        "jane/a.ipynb": NOTEBOOK,
        "jane/photo.jpg": b"jpg",
        "joe/b.pdf": b"%PDF",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    jane, joe = find(tmp_path)
    assert jane.extras == {"photo.jpg": b"jpg"}
    classes = make_class_list([jane, joe], KEYS)
    assert [job.submission.student for job in classes.jobs] == ["jane"]
    assert [(one.submission.student, "a PDF" in one.sentence) for one in classes.unread] == [
        ("joe", True)
    ]


def test_newest_resubmission_counts_and_is_named(tmp_path):
    for number, name in enumerate(["jane_1_5_a.ipynb", "jane_1_6_a-1.ipynb", "joe_2_7_a.ipynb"]):
        (tmp_path / name).write_bytes(NOTEBOOK)
        os.utime(tmp_path / name, (1e9 - 1000 * number,) * 2)  # the second is older on disk
    classes = make_class_list(find(tmp_path), KEYS)
    assert [job.submission.path for job in classes.jobs] == [
        "jane_1_6_a-1.ipynb",
        "joe_2_7_a.ipynb",
    ]
    assert len(classes.superseded) == 1 and "jane_1_6_a-1.ipynb counts" in classes.superseded[0]
    assert "Sent 2 times" in " ".join(classes.remarks["jane_1_6_a-1.ipynb"])


@pytest.mark.parametrize(
    "table",
    [
        'Student,ID,SIS User ID,Section\n    Points Possible,,,\n"Doe, Jane",10234,s1,A\n',
        "First name;Surname;ID number;Email address\nJane;Doe;10234;jd@example.org\n",
        "\ufeffname\tid\nJane Doe\t10234\n",
    ],
)
@pytest.mark.parametrize("name", ["doejane_10234_5_a.ipynb", "janedoe.ipynb", "Jane_Doe.ipynb"])
def test_roster_finds_a_student_by_id_or_name(tmp_path, table, name):
    (tmp_path / "roster.csv").write_text(table, "utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(NOTEBOOK)
    (tmp_path / "in" / "stranger.ipynb").write_bytes(NOTEBOOK)
    roster = read_roster(tmp_path / "roster.csv")
    found, strangers = match_roster(find(tmp_path / "in"), roster)
    assert strangers == ["stranger"]
    assert roster[0].name in {one.student for one in found}


def test_roster_without_names_is_refused(tmp_path):
    (tmp_path / "roster.csv").write_text("colour\nred\n")
    with pytest.raises(CourseError, match="no row with a name"):
        read_roster(tmp_path / "roster.csv")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jane,pets,3,", "found the item 'pets', expected one of project"),
        ("jim,project,3,", "'jim', who is not in the submissions"),
        ("jane,project,41,", "found '41' points, expected a number from 0 to 40"),
        ("jane,project,many,", "found 'many' points"),
    ],
)
def test_manual_points_name_the_wrong_line(tmp_path, line, message):
    path = tmp_path / "manual.csv"
    path.write_text(f"student,item,points,remark\njane,project,30.5,well drawn\n{line}\n")
    with pytest.raises(CourseError, match=f"manual.csv, line 3: .*{message}"):
        read_manual_points(path, {"project": 40.0}, {"jane": ("jane", "")})


def test_manual_points_get_a_column_of_their_own(tmp_path):
    path = tmp_path / "manual.csv"
    path.write_text("student,item,points,remark\njane,project,30.5,well drawn\n")
    rows = read_manual_points(path, {"project": 40.0}, {"jane": ("Jane", "7")})
    rows.append(GradeRow("Jane", "7", "03_patchgan", "3.1", "passed", 1.0, 1.0))
    write_gradebooks(tmp_path, rows, [])
    lines = (tmp_path / "canvas.csv").read_text().splitlines()
    assert lines[0].endswith("Section,03_patchgan,project")
    assert lines[1:] == ["    Points Possible,,,,,1,40", "Jane,7,,,,1,30.5"]
    assert "Participant 7,Jane,,30.5,40" in (tmp_path / "moodle-project.csv").read_text()


def test_csv_holds_no_formula(tmp_path):
    write_csv(tmp_path / "a.csv", ["a"], [["=cmd()"], ["+1"], ["plain"], [""]])
    assert (tmp_path / "a.csv").read_text().splitlines() == ["a", "'=cmd()", "'+1", "plain", '""']
