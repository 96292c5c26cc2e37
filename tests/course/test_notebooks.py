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


def older_without_ids(raw):
    raw["nbformat_minor"] = 4
    for cell in raw["cells"]:
        del cell["id"]


def double_id(raw):
    raw["cells"][3]["id"] = raw["cells"][2]["id"]


def drop_outputs(raw):
    del next(cell for cell in raw["cells"] if cell["cell_type"] == "code")["outputs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_id, "cell 4 has no id"),
        (double_id, "2 cells have the id 'parameters'"),
        (older_without_ids, "of format 4.4, not of format 4.5: open it in JupyterLab"),
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


def test_notebook_saved_by_colab_gets_its_ids_back(path):
    before, raw = path.read_bytes(), json.loads(path.read_bytes())
    raw["nbformat_minor"] = 0
    for cell in raw["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "outputId": "x", "colab": {"height": 9}}
    path.write_text(json.dumps(raw), "utf-8")
    notebooks.write(path, notebooks.read(path))
    assert path.read_bytes() == before


def test_cells_are_folded_by_their_tag_only(path):
    nb = notebooks.read(path)
    folded, plain = (next(c for c in nb.cells if c.id == name) for name in ("three", "check-1"))
    folded.metadata.tags = ["hide-input"]
    plain.metadata.jupyter = {"source_hidden": True}
    notebooks.write(path, nb)
    cells = {cell.id: cell.metadata for cell in notebooks.read(path).cells}
    assert cells["three"] == {"tags": ["hide-input"], **notebooks.FOLDED}
    assert cells["check-1"] == {}
    assert notebooks.foreign_metadata(notebooks.parse(path.read_text("utf-8"), "x")) == []


def test_new_word_needs_no_run_but_new_code_does(path):
    nb = notebooks.read(path)
    nb.cells[-1].source += " A word."
    nb.metadata.course = {"executed": notebooks.code_hash(nb)}
    nb.cells[-1].source += " Another word."
    assert notebooks.is_fresh(nb)
    next(cell for cell in nb.cells if cell.id == "three").source += "  # a note"
    assert not notebooks.is_fresh(nb)
