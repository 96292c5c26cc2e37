"""A lesson in an empty folder: what its set-up cell does there, and what counts as a problem."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook, new_output

from colorlib.notebook.environment import GPU_MENU_PATH
from course.tool import course_config, notebooks, standalone, wheel
from course.tool.course_config import ROOT
from course.tool.execute import ANSI, Run, execute
from tests.course.tiny import code

COURSE = course_config.load(ROOT)
LESSONS = [one for one in COURSE.lessons if (ROOT / f"lessons/{one.name}.ipynb").exists()]
GPU_LESSON = next(lesson for lesson in LESSONS if lesson.gpu_minutes)
PLAIN = next(lesson for lesson in LESSONS if not lesson.gpu_minutes)
PARAMETERS = 'PROFILE = "full"\nDRIVE = False'
USE = """\
import colorlib, pathlib
from colorlib.notebook import environment

print(environment.detect_environment(), environment.run_folder("test", drive=DRIVE).name)
print(pathlib.Path(colorlib.__file__).parent.parent.name, list(pathlib.Path().glob("*.ipynb")))
__import__("socket").create_connection(("192.0.2.1", 80), 2)"""


def setup_source(lesson):
    nb = notebooks.read(ROOT / f"lessons/{lesson.name}.ipynb")
    return next(cell.source for cell in nb.cells if cell.id == "setup")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder for kernels and environments, which Jupyter searches."""
    folder = tmp_path_factory.mktemp("standalone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def bare_python(place):
    """The Python of an environment with this one's packages, but without colorlib."""
    return standalone.create_environment(Path(sys.executable), place / "bare")


def test_setup_from_a_wheel_in_an_empty_folder_works(place):
    archive = wheel.build(ROOT, place)
    cells = [code("setup", setup_source(GPU_LESSON)), code("parameters", PARAMETERS, "parameters")]
    path = place / "lessons" / f"{GPU_LESSON.name}.ipynb"
    notebooks.write(path, new_notebook(cells=[*cells, code("use", USE)]))
    run = standalone.run_standalone(path, place, Path(sys.executable), str(archive))
    assert "the course runs offline: a notebook tried to reach 192.0.2.1" in run.problem
    use = next(cell for cell in run.nb.cells if cell.id == "use")
    assert standalone.printed(use).splitlines() == [
        f"{standalone.DRIVE_REFUSED}; the run stays on this machine's disk.",
        "colab test",
        "site-packages []",
    ]
    run.problem = ""  # the last cell was meant to stop
    assert list(standalone.problems(run, GPU_LESSON)) == []
    assert standalone.seconds(run, "setup") > standalone.seconds(run, "again") > 0
    assert wheel.smoke_test(place / "environment/bin/python").endswith(wheel.__version__)


@pytest.mark.parametrize(
    ("source", "pip_reason", "sentence"),
    [
        ("", "", "colorlib is not installed: run `make setup`, or set COLORLIB_SOURCE to a wheel."),
        (
            "git+http://127.0.0.1:9/a/b",
            "fatal: unable to access",
            "Could not install git+http://127.0.0.1:9/a/b: check the network, then run this cell "
            "again.",
        ),
    ],
    ids=["no source", "no network"],
)
def test_setup_that_fails_is_one_sentence(place, bare_python, source, pip_reason, sentence):
    standalone.write_kernelspec(place, "failing", bare_python, {"COLORLIB_SOURCE": source})
    cell = setup_source(PLAIN).replace("https://github.com", "x:")
    notebooks.write(place / "failing.ipynb", new_notebook(cells=[code("setup", cell)]))
    run = execute(place / "failing.ipynb", {}, kernel="failing")
    assert pip_reason in standalone.printed(run.nb.cells[0])
    errors = [output for output in run.nb.cells[0].outputs if output.output_type == "error"]
    assert [(error.ename, error.evalue) for error in errors] == [("SystemExit", sentence)]
    traceback = ANSI.sub("", "\n".join(errors[0].traceback))
    assert sentence in traceback and "Traceback" not in traceback and "-->" not in traceback


def test_create_environment_links_packages_only(bare_python, place):
    code = "import importlib.metadata as m, sys; print(m.version('torch'), sys.prefix)"
    printed = standalone._output([str(bare_python), "-c", code])
    assert printed.split() == [version("torch"), str(place / "bare")]
    names = {path.name for path in (place / "bare/packages").iterdir()}
    assert "torch" in names and not any("colorlib" in name for name in names)


def good_run(lesson=PLAIN):
    """Return a run without a problem."""
    ready = standalone.READY.format(lesson.number) + "CPU\x1b[0m\n"
    if lesson.gpu_minutes:
        ready += f"This lesson is much faster with a GPU: {GPU_MENU_PATH}.\n"
    packages = [["numpy", "2.1.3"], ["torch", "2.11.0"]]
    texts = {
        "before": json.dumps(packages) + "\n",
        "setup": ready,
        "again": ready,
        "after": json.dumps([["colorlib-course", "1"], *packages]) + "\n",
        "lesson": "42\n",
    }
    cells = [code(name, "pass") for name in texts]
    for cell, text in zip(cells, texts.values(), strict=True):
        cell.outputs = [new_output("stream", name="stdout", text=text)]
    return Run(lesson.name, new_notebook(cells=cells), 9.0, "")


def change_output(run, name, old, new, stream="stdout"):
    cell = next(cell for cell in run.nb.cells if cell.id == name)
    assert old in cell.outputs[0].text
    cell.outputs[0].text, cell.outputs[0].name = cell.outputs[0].text.replace(old, new), stream


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(standalone, "gpu_name", lambda: None)


@pytest.mark.parametrize("lesson", [PLAIN, GPU_LESSON], ids=["plain", "GPU"])
def test_good_run_has_no_problem(lesson):
    run = good_run(lesson)
    assert list(standalone.problems(run, lesson)) == []
    change_output(
        run, "lesson", "42", "\rPreparing:  50%|█████     | 24/48 [00:00<00:00]", "stderr"
    )
    assert list(standalone.problems(run, lesson)) == []


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
def test_problems_of_a_changed_run_name_it(change, problem):
    run = good_run()
    change_output(run, *change)
    assert problem in "\n".join(standalone.problems(run, PLAIN))


def test_problems_include_missing_gpu_hint_and_drive(monkeypatch):
    run = good_run(GPU_LESSON)
    change_output(run, "setup", "Runtime → ", "")
    run.nb.cells[-1].source = "DRIVE = True"
    hint, drive = standalone.problems(run, GPU_LESSON)
    assert "expected what to click" in hint and "Drive was asked for" in drive
    monkeypatch.setattr(standalone, "gpu_name", lambda: "Tesla T4")
    first = next(standalone.problems(good_run(GPU_LESSON), GPU_LESSON))
    assert "expected what to click where a GPU is missing" in first


def test_problems_of_a_stopped_run_are_only_that():
    run = good_run()
    run.problem = "stopped in cell 3"
    assert list(standalone.problems(run, PLAIN)) == ["stopped in cell 3"]
