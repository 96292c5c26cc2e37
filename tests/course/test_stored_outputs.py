"""The outputs that may be stored in a solution, and those that may not."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_output
from PIL import Image

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.execute import Run
from course.tool.stored_outputs import WIDGET, make_room, store_outputs
from tests.course import tiny


@pytest.fixture
def path(tmp_path):
    """A solution with one cell."""
    root = tiny.course(tmp_path / "one", solutions={"01": tiny.notebook(tiny.code("one", "1"))})
    return root / "solutions/01.ipynb"


def run_of(path: Path, *outputs, problem: str = "") -> Run:
    """Return a run whose one cell has these outputs."""
    nb = notebooks.read(path)
    nb.cells[1].update(outputs=list(outputs), execution_count=1)
    return Run("01", nb, 2.0, "/var/somewhere/course-x", problem)


def test_store_outputs_drops_widgets_and_warnings(path):
    view = {WIDGET: {"model_id": "x"}}
    outputs = [
        new_output("stream", name="stderr", text="careful"),
        new_output("display_data", {**view, "text/plain": "interactive(...)"}),
        new_output("display_data", view),
        new_output("stream", text="fine"),
    ]
    store_outputs(path, run_of(path, *outputs))
    stored = notebooks.read(path)
    kept = [output.get("text") or output.data for output in stored.cells[1].outputs]
    assert kept == [{"text/plain": "interactive(...)"}, "fine"]
    assert notebooks.is_fresh(stored)
    stored.cells[1].source = "2"
    assert not notebooks.is_fresh(stored)


def test_photos_become_smaller_only_where_room_is_needed():
    pictures = []
    for side in (300, 500):
        file = io.BytesIO()
        Image.effect_noise((side, side), 60).convert("RGB").save(file, "JPEG", quality=72)
        pictures.append(base64.b64encode(file.getvalue()).decode())
    cells = [tiny.code(f"c{n}", "1") for n in range(2)]
    for cell, picture in zip(cells, pictures, strict=True):
        cell.outputs = [new_output("display_data", {"image/jpeg": picture})]
    nb = tiny.notebook(*cells)
    size = len(notebooks.dumps(nb).encode())
    for limit, changed in ((size, []), (size - 9, [1]), (9, [0, 1])):
        make_room(nb, limit)
        now = [cell.outputs[0].data["image/jpeg"] for cell in nb.cells[1:]]
        assert [n for n in range(2) if now[n] != pictures[n]] == changed
        assert all(len(new) <= len(old) for new, old in zip(now, pictures, strict=True))


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "image/svg+xml"])
@pytest.mark.parametrize(
    "place", [str(Path.home()), sys.prefix, "/var/somewhere/course-x", "/tmp/ipykernel_12/3.py"]
)
def test_store_outputs_with_a_path_of_this_machine_raises(path, kind, place):
    before = path.read_bytes()
    output = new_output("display_data", {kind: f"read from '{place}/photo.png'."})
    message = r"01.ipynb: cell 2 \(one\) prints '.*', a path of this machine"
    with pytest.raises(CourseError, match=message):
        store_outputs(path, run_of(path, output))
    assert path.read_bytes() == before


def test_store_outputs_allows_other_paths_and_pictures(path):
    text = f"/etc/hosts {Path.home()}-else https://a.org{Path.home()} cat.png"
    picture = new_output("display_data", {"image/png": f"iVBOR{Path.home()}/"})
    store_outputs(path, run_of(path, new_output("stream", text=text), picture))
    assert notebooks.is_fresh(notebooks.read(path))


def test_store_outputs_of_failed_or_outdated_run_raises(path):
    with pytest.raises(CourseError, match="01.ipynb is not stored, because it raised"):
        store_outputs(path, run_of(path, problem="raised"))
    run = run_of(path)
    nb = notebooks.read(path)
    nb.cells[1].source = "2"
    notebooks.write(path, nb)
    with pytest.raises(CourseError, match="01.ipynb changed while it ran"):
        store_outputs(path, run)
