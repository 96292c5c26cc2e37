"""Notebook files: stable bytes, clear errors, a hash of what a person wrote."""

import json
import sys

import pytest

from course.tool import notebooks
from course.tool.cli import CourseError


@pytest.fixture
def path(root):
    return root / "solutions/01_tiny.ipynb"


def test_read_and_write_give_the_same_bytes(path):
    before = path.read_bytes()
    notebooks.write(path, notebooks.read(path))
    assert path.read_bytes() == before
    assert before.endswith(b"}\n") and "·".encode() in before
    assert not list(path.parent.glob(".*"))


def test_widget_state_and_run_times_are_left_out(path):
    nb = notebooks.read(path)
    plain = notebooks.dumps(nb)
    nb.metadata.widgets = {"state": {}}
    nb.metadata.papermill = {"duration": 1.5}
    nb.cells[1].metadata.execution = {"iopub.status.busy": "2026"}
    nb.cells[1].metadata.papermill = {"duration": 1.5}
    assert notebooks.dumps(nb) == plain


def test_failed_writes_leave_the_old_file(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        notebooks.write(path, notebooks.read(path))
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))


def drop_id(raw):
    del raw["cells"][3]["id"]


def double_id(raw):
    raw["cells"][3]["id"] = raw["cells"][2]["id"]


def old_format(raw):
    raw["nbformat_minor"] = 4


def no_cells(raw):
    del raw["cells"]


def no_outputs(raw):
    del next(cell for cell in raw["cells"] if cell["cell_type"] == "code")["outputs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_id, "cell 4 has no id"),
        (double_id, "2 cells have the id 'parameters'"),
        (old_format, "not a notebook of format 4.5"),
        (no_cells, "not a valid notebook"),
        (no_outputs, "not a valid notebook"),
    ],
)
def test_a_broken_notebook_is_named(path, change, message):
    raw = json.loads(path.read_bytes())
    change(raw)
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CourseError, match=f"solutions/01_tiny.ipynb.*{message}"):
        notebooks.read(path)


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe", b"[]", b""])
def test_another_file_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(CourseError, match="01_tiny.ipynb is not"):
        notebooks.read(path)


def test_the_hash_sees_sources_ids_kinds_and_tags_but_no_output(path):
    original = notebooks.source_hash(notebooks.read(path))

    def after(change):
        nb = notebooks.read(path)
        change(nb, next(cell for cell in nb.cells if cell.id == "three"))
        return notebooks.source_hash(nb)

    assert after(lambda nb, cell: cell.update(source="print(3*3)")) != original
    assert after(lambda nb, cell: cell.update(id="four")) != original
    assert after(lambda nb, cell: cell.update(cell_type="raw")) != original
    assert after(lambda nb, cell: cell.metadata.update(tags=["other"])) != original
    assert after(lambda nb, cell: nb.cells.reverse()) != original
    assert after(lambda nb, cell: cell.update(outputs=[], execution_count=None)) == original


def test_no_grammar_of_addresses_is_built_to_read_them():
    """It took longer than all else that a command imports; course.tool.light leaves it out."""
    assert sys.modules["rfc3987_syntax"] is None and "jsonschema" in sys.modules
