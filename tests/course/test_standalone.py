"""A lesson alone in an empty folder: what its set-up cell does there, and what the lane calls a problem."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook, new_output

from colorlib.notebook import environment
from course.tool import course_config, notebooks, standalone, wheel
from course.tool.execute import ANSI, Run, execute
from tests.course.tiny import code

COURSE = course_config.load(course_config.ROOT)
LESSONS = [
    one for one in COURSE.lessons if (course_config.ROOT / f"lessons/{one.name}.ipynb").exists()
]
GPU_LESSON = next(one for one in LESSONS if one.gpu_minutes)
PLAIN = next(one for one in LESSONS if not one.gpu_minutes)
PARAMETERS = 'PROFILE = "full"\nDRIVE = False'
USE = """\
import colorlib, pathlib
from colorlib import colab

print(colab.where(), colab.run_folder("test", drive=DRIVE).name)
print(pathlib.Path(colorlib.__file__).parent.parent.name, list(pathlib.Path().glob("*.ipynb")))
__import__("socket").create_connection(("192.0.2.1", 80), 2)"""


def setup_of(lesson):
    nb = notebooks.read(course_config.ROOT / f"lessons/{lesson.name}.ipynb")
    return next(cell.source for cell in nb.cells if cell.id == "setup")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an environment that has this one's packages, but not colorlib."""
    folder = tmp_path_factory.mktemp("alone")
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(folder)
    yield folder
    os.environ.pop("JUPYTER_PATH")
    if before is not None:
        os.environ["JUPYTER_PATH"] = before


def test_set_up_from_a_wheel_in_an_empty_folder(place):
    archive = wheel.build(course_config.ROOT, place)
    assert list(wheel.contents(archive, course_config.ROOT)) == []
    cells = [code("setup", setup_of(GPU_LESSON)), code("parameters", PARAMETERS, "parameters")]
    lessons = place / "lessons"
    notebooks.write(
        lessons / f"{GPU_LESSON.name}.ipynb", new_notebook(cells=[*cells, code("use", USE)])
    )
    one = standalone.run_alone(
        lessons / f"{GPU_LESSON.name}.ipynb", place, Path(sys.executable), str(archive)
    )
    assert "the course runs offline: a notebook tried to reach 192.0.2.1" in one.problem
    said = standalone.said(next(cell for cell in one.nb.cells if cell.id == "use"))
    assert said.splitlines() == [
        f"{standalone.REFUSED}; checkpoints stay on this machine's own disk.",
        "colab test",
        "site-packages []",
    ]
    one.problem = ""  # the last cell was meant to stop
    assert list(standalone.problems(one, GPU_LESSON)) == []
    assert wheel.smoke(place / "environment/bin/python").endswith(standalone.wheel.__version__)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "",
            r"colorlib is not installed: run `make setup`, or set COLORLIB_SOURCE to a wheel or git URL\.",
        ),
        (
            "git+http://127.0.0.1:9/a/b",
            r"Could not install git\+http://127\.0\.0\.1:9/a/b: check the network, then run this cell again "
            r"\(fatal: unable to access .*\)\.",
        ),
    ],
)
def test_what_hinders_set_up_is_one_sentence_and_no_traceback(place, source, sentence):
    if not (place / "bare").exists():
        standalone.bare(Path(sys.executable), place / "bare")
    cell = (
        setup_of(PLAIN)
        if not COURSE.repository
        else setup_of(PLAIN).replace("https://github.com", "x:")
    )
    standalone.kernel(place, "hindered", place / "bare/bin/python", {"COLORLIB_SOURCE": source})
    notebooks.write(place / "hindered.ipynb", new_notebook(cells=[code("setup", cell)]))
    one = execute(place / "hindered.ipynb", {}, kernel="hindered")
    (error,) = one.nb.cells[0].outputs
    assert error.output_type == "error"
    assert re.fullmatch(sentence, ANSI.sub("", "\n".join(error.traceback)))


def test_a_bare_environment_cannot_lose_a_package(place):
    if not (place / "bare").exists():
        standalone.bare(Path(sys.executable), place / "bare")
    ask = "import importlib.metadata as m, sys; print(m.version('torch'), sys.prefix)"
    said = standalone._output([str(place / "bare/bin/python"), "-c", ask])
    assert said.split() == [version("torch"), str(place / "bare")]
    names = {path.name for path in (place / "bare/packages").iterdir()}
    assert "torch" in names and not any("colorlib" in name for name in names)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_gpu_is_asked_for_only_where_the_table_says_so(lesson):
    for tree in ("lessons", "solutions"):
        metadata = notebooks.read(course_config.ROOT / f"{tree}/{lesson.name}.ipynb").metadata
        asked = metadata.get("accelerator"), metadata.colab.get("gpuType")
        assert asked == (("GPU", "T4") if lesson.gpu_minutes else (None, None))


def good(lesson=PLAIN):
    """A run without a problem."""
    green = standalone.GREEN.format(lesson.number) + "CPU\x1b[0m\n"
    click = (
        f"This lesson is much faster with a GPU: {environment.GPU_MENU_PATH}.\n"
        if lesson.gpu_minutes
        else ""
    )
    there = [["numpy", "2.1.3"], ["torch", "2.11.0"]]
    says = {
        "before": json.dumps(there) + "\n",
        "setup": green + click,
        "again": green + click,
        "after": json.dumps([["colorlib-course", "1"], *there]) + "\n",
        "lesson": "42\n",
    }
    cells = [code(name, "pass") for name in says]
    for cell, text in zip(cells, says.values(), strict=True):
        cell.outputs = [new_output("stream", name="stdout", text=text)]
    return Run(lesson.name, new_notebook(cells=cells), 9.0, "")


def spoil(one, name, old, new, stream="stdout"):
    cell = next(cell for cell in one.nb.cells if cell.id == name)
    assert old in cell.outputs[0].text
    cell.outputs[0].text, cell.outputs[0].name = cell.outputs[0].text.replace(old, new), stream


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(environment, "gpu_name", lambda: None)


def test_a_good_run_has_no_problem():
    assert list(standalone.problems(good(), PLAIN)) == []
    assert list(standalone.problems(good(GPU_LESSON), GPU_LESSON)) == []
    bar = good()
    spoil(bar, "lesson", "42", "\rPreparing:  50%|█████     | 24/48 [00:00<00:00]", "stderr")
    assert list(standalone.problems(bar, PLAIN)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ("after", "2.1.3", "2.4.0"),
            "set-up changed colorlib-course 1, numpy 2.4.0, numpy 2.1.3 is gone",
        ),
        (("after", '["numpy", "2.1.3"], ', ""), "numpy 2.1.3 is gone"),
        (("after", '["colorlib-course", "1"], ', ""), "set-up changed nothing"),
        (("before", "torch", "colorlib-course"), "colorlib was there before set-up"),
        (("setup", "✓", "x"), "expected one green line"),
        (("again", "CPU\x1b[0m\n", "CPU\x1b[0m\n\x1b[32mtwice\n"), "expected one green line"),
        (("setup", "CPU\x1b[0m\n", "CPU\x1b[0m\nmore\n"), "expected what to click"),
        (("lesson", "42", "a warning", "stderr"), "red text in the cell 'lesson': a warning"),
    ],
)
def test_what_the_lane_calls_a_problem(change, problem):
    one = good()
    spoil(one, *change)
    assert problem in "\n".join(standalone.problems(one, PLAIN))


def test_a_gpu_lesson_must_say_what_to_click_and_drive_that_it_was_refused(monkeypatch):
    one = good(GPU_LESSON)
    spoil(one, "setup", "Runtime → ", "")
    one.nb.cells[-1].source = "DRIVE = True"
    said = list(standalone.problems(one, GPU_LESSON))
    assert (
        len(said) == 2 and "expected what to click" in said[0] and "Drive was asked for" in said[1]
    )
    monkeypatch.setattr(environment, "gpu_name", lambda: "Tesla T4")
    assert "expected what to click where a GPU is missing" in next(
        standalone.problems(good(GPU_LESSON), GPU_LESSON)
    )


def test_a_run_that_stopped_says_that_alone():
    one = good()
    one.problem = "stopped in cell 3"
    assert list(standalone.problems(one, PLAIN)) == ["stopped in cell 3"]
