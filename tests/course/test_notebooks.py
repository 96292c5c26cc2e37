"""Notebook files: stable bytes, clear errors, a hash of what a person wrote."""

import json

import pytest

from course.tool import notebooks
from course.tool.cli import CourseError


@pytest.fixture
def path(root):
    return root / "solutions/01_tiny.ipynb"


def test_write_of_read_notebook_keeps_its_bytes(path):
    before = path.read_bytes()
    notebooks.write(path, notebooks.read(path))
    assert path.read_bytes() == before
    assert before.endswith(b"}\n") and "·".encode() in before
    assert not list(path.parent.glob(".*"))


def test_dumps_drops_widget_state_and_run_times(path):
    nb = notebooks.read(path)
    plain = notebooks.dumps(nb)
    nb.metadata.widgets = {"state": {}}
    nb.metadata.papermill = {"duration": 1.5}
    nb.cells[1].metadata.execution = {"iopub.status.busy": "2026"}
    nb.cells[1].metadata.papermill = {"duration": 1.5}
    assert notebooks.dumps(nb) == plain


def test_failed_write_keeps_the_old_file(path, monkeypatch):
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


def drop_outputs(raw):
    del next(cell for cell in raw["cells"] if cell["cell_type"] == "code")["outputs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_id, "cell 4 has no id"),
        (double_id, "2 cells have the id 'parameters'"),
        (lambda raw: raw.update(nbformat_minor=4), "not of format 4.5"),
        (lambda raw: raw.pop("cells"), "not a valid notebook"),
        (drop_outputs, "not a valid notebook"),
    ],
)
def test_read_of_broken_notebook_names_the_fault(path, change, message):
    raw = json.loads(path.read_bytes())
    change(raw)
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CourseError, match=f"solutions/01_tiny.ipynb.*{message}"):
        notebooks.read(path)


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe", b"[]", b""])
def test_read_of_another_file_raises(path, content):
    path.write_bytes(content)
    with pytest.raises(CourseError, match="01_tiny.ipynb is not"):
        notebooks.read(path)


def test_source_hash_ignores_outputs_only(path):
    original = notebooks.source_hash(notebooks.read(path))

    def changes(change):
        nb = notebooks.read(path)
        change(nb, next(cell for cell in nb.cells if cell.id == "three"))
        return notebooks.source_hash(nb) != original

    assert changes(lambda nb, cell: cell.update(source="print(3*3)"))
    assert changes(lambda nb, cell: cell.update(id="four"))
    assert changes(lambda nb, cell: cell.update(cell_type="raw"))
    assert changes(lambda nb, cell: cell.metadata.update(tags=["other"]))
    assert changes(lambda nb, cell: nb.cells.reverse())
    assert not changes(lambda nb, cell: cell.update(outputs=[], execution_count=None))
