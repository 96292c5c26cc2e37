"""What may be stored in a solution, and what may not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from course.tool import notebooks, stored_outputs
from course.tool.cli import CourseError
from course.tool.execute import Run
from tests.course import tiny


@pytest.fixture
def path(tmp_path):
    """A solution with one cell."""
    root = tiny.course(tmp_path / "one", solutions={"01": tiny.notebook(tiny.code("one", "1"))})
    return root / "solutions/01.ipynb"


def run_of(path: Path, *outputs, problem: str = "") -> Run:
    """A run whose one cell has these outputs."""
    nb = notebooks.read(path)
    nb.cells[1].update(outputs=list(outputs), execution_count=1)
    return Run("01", nb, 2.0, "/var/somewhere/course-x", problem)


def test_live_widgets_and_warnings_are_not_stored(path):
    view = {stored_outputs.WIDGET: {"model_id": "x"}}
    outputs = [
        new_output("stream", name="stderr", text="careful"),
        new_output("display_data", {**view, "text/plain": "interactive(...)"}),
        new_output("display_data", view),
        new_output("stream", text="fine"),
    ]
    stored_outputs.store_outputs(path, run_of(path, *outputs))
    stored = notebooks.read(path)
    assert [out.get("text") or out.data for out in stored.cells[1].outputs] == [
        {"text/plain": "interactive(...)"},
        "fine",
    ]
    assert notebooks.is_fresh(stored)
    stored.cells[1].source = "2"
    assert not notebooks.is_fresh(stored)


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "image/svg+xml"])
@pytest.mark.parametrize(
    "place", [str(Path.home()), sys.prefix, "/var/somewhere/course-x", "/tmp/ipykernel_12/3.py"]
)
def test_a_place_on_this_machine_is_refused(path, kind, place):
    before = path.read_bytes()
    output = new_output("display_data", {kind: f"read from '{place}/photo.png'."})
    with pytest.raises(
        CourseError, match=r"01.ipynb: cell 2 \(one\) prints '.*', a place on this machine"
    ):
        stored_outputs.store_outputs(path, run_of(path, output))
    assert path.read_bytes() == before


def test_other_paths_and_pictures_are_fine(path):
    text = new_output(
        "stream", text=f"/etc/hosts {Path.home()}-else https://a.org{Path.home()} cat.png"
    )
    picture = new_output("display_data", {"image/png": f"iVBOR{Path.home()}/"})
    stored_outputs.store_outputs(path, run_of(path, text, picture))
    assert notebooks.is_fresh(notebooks.read(path))


def test_a_run_that_failed_is_refused(path):
    with pytest.raises(CourseError, match="01.ipynb is not stored, because it raised"):
        stored_outputs.store_outputs(path, run_of(path, problem="raised"))


def test_a_notebook_that_changed_meanwhile_is_refused(path):
    run = run_of(path)
    nb = notebooks.read(path)
    nb.cells[1].source = "2"
    notebooks.write(path, nb)
    with pytest.raises(CourseError, match="01.ipynb changed while it ran"):
        stored_outputs.store_outputs(path, run)
