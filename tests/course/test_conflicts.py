"""An unfinished merge is named as such, wherever its markers are."""

import json

import pytest

from course.tool import check, conflicts, course_config, notebooks
from course.tool.cli import CourseError

GIT = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> mine"
NBDIME = '<span style="color:red"><b>&lt;&lt;&lt;&lt;&lt;&lt;&lt; local</b></span>'


@pytest.fixture
def path(root):
    return root / "solutions/01_tiny.ipynb"


def test_conflict_in_the_file_of_a_notebook_is_no_broken_json(path):
    lines = path.read_text("utf-8").split("\n")
    lines[7:7] = ["<<<<<<< HEAD", '  "a": 1,', "=======", '  "a": 2,', ">>>>>>> mine"]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(CourseError, match=r"01_tiny.ipynb, line 8: a merge conflict is not resol"):
        notebooks.read(path)


def test_conflict_in_a_table_is_no_broken_toml(root):
    table = root / course_config.COURSE_TOML
    table.write_text(f"{GIT}\n{table.read_text('utf-8')}", "utf-8")
    with pytest.raises(CourseError, match="course.toml, line 1: a merge conflict"):
        course_config.load(root)


@pytest.mark.parametrize("marked", [GIT, NBDIME, NBDIME.replace("&lt;", "<"), "**>>>>>>> x**"])
@pytest.mark.parametrize("cell_id", ["see", "three"])
def test_conflict_in_a_cell_is_named(path, cell_id, marked):
    nb = notebooks.read(path)
    next(cell for cell in nb.cells if cell.id == cell_id).source += f"\n{marked}"
    notebooks.write(path, nb)
    with pytest.raises(CourseError, match=rf"\({cell_id}\), line \d+: a merge conflict"):
        notebooks.read(path)


def test_conflict_in_an_output_or_in_metadata_is_named(path):
    raw = json.loads(path.read_bytes())
    next(cell for cell in raw["cells"] if cell["id"] == "three")["outputs"][0]["text"] = [GIT]
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CourseError, match=r"\(three\), its output, line 1: a merge conflict"):
        notebooks.read(path)
    next(cell for cell in raw["cells"] if cell["id"] == "three")["outputs"] = []
    raw["metadata"][conflicts.NBDIME] = {}
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CourseError, match="the metadata have a merge conflict"):
        notebooks.read(path)


def test_conflict_in_a_text_is_a_finding(root):
    (root / "course/notes.md").write_text(f"# Notes\n\n```\n{GIT}\n```\n", "utf-8")
    (line,) = map(str, check.findings(root))
    assert line.startswith("course/notes.md: line 4: a merge conflict is not resolved")


@pytest.mark.parametrize(
    "text", ["Title\n=======\n", ">>> 1 + 1", "a <<<<<<< b", "<" * 8, "print('>>>>>>>')"]
)
def test_other_signs_are_no_conflict(text):
    assert conflicts.first_line(text) is None
