"""``python -m course standalone``: run lessons as on Colab, each in an empty folder.

A lesson gets a Python with the packages of another one but without colorlib, Colab's environment
variable, and a Google Drive that refuses access. Its own set-up cell installs the library, and runs
a second time to show that this is harmless. After set-up only the loopback is reachable; before it
as well, if the source is a file.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from colorlib.notebook.environment import GPU_MENU_PATH, gpu_name
from course.tool import course_config, no_network, notebooks, wheel
from course.tool.course_config import ROOT, Lesson
from course.tool.execute import Run, environment, execute
from course.tool.files import atomic_write_text
from course.tool.run import add_names, select

LIST_PACKAGES = """\
import importlib.metadata, json
print(json.dumps(sorted([d.name, d.version] for d in importlib.metadata.distributions())))"""
BEFORE_SETUP = f"import google.colab  # as Colab does before the first cell\n{LIST_PACKAGES}"
AFTER_SETUP = f"""{LIST_PACKAGES}
import runpy
runpy.run_path({str(no_network.GUARD / "sitecustomize.py")!r})"""
GOOGLE_COLAB = """\
class drive:
    def mount(where):
        raise ValueError("mount failed")  # Colab's error if a person refuses access
"""
GREEN = "\x1b[32m"
READY = GREEN + "✓ Ready for lesson {} · "
PROGRESS_BAR = re.compile(r"\d%\|")  # tqdm writes to stderr
DRIVE_REFUSED = "Google Drive cannot be used (mount failed)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_names(parser)
    parser.add_argument("--python", default=sys.executable, help="whose packages to use")
    parser.add_argument(
        "--source",
        default=os.environ.get("COLORLIB_SOURCE"),
        help="what set-up installs: a wheel or a git URL (default: COLORLIB_SOURCE or a wheel)",
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Run lessons, print how long set-up took and what went wrong; return 1 if something did."""
    if args.source is None or Path(args.source).exists():
        no_network.require_offline()
    paths = select(root, "lessons", args.names)
    lessons = {lesson.name: lesson for lesson in course_config.load(root).lessons}
    with tempfile.TemporaryDirectory(prefix="course-") as folder, ThreadPoolExecutor(2) as pool:
        source = args.source or str(wheel.build(root, Path(folder)))
        if Path(source).exists():
            source = str(Path(source).resolve())
        os.environ.update(environment("lessons", workers=2))
        os.environ["JUPYTER_PATH"] = os.pathsep.join(str(Path(folder, p.stem)) for p in paths)
        jobs = [
            pool.submit(run_standalone, path, Path(folder, path.stem), Path(args.python), source)
            for path in paths
        ]
        runs = [job.result() for job in jobs]
    failed = False
    print(f"{'lesson':28}  set-up  again  whole run, in seconds")
    for run in runs:
        setup, again = seconds(run, "setup"), seconds(run, "again")
        print(f"{run.name:28}  {setup:6.1f}  {again:5.1f}  {run.seconds:5.1f}")
        for problem in problems(run, lessons[run.name]):
            failed = True
            print(f"    {problem}")
    return int(failed)


def run_standalone(path: Path, place: Path, python: Path, source: str) -> Run:
    """Run one lesson; its environment and its kernel, named like the lesson, go below ``place``."""
    own_python = create_environment(python, place / "environment")
    variables = {"COLORLIB_SOURCE": source, "COLAB_RELEASE_TAG": "simulated"}
    write_kernelspec(place, path.stem, own_python, variables)
    nb = add_probes(notebooks.read(path))
    notebooks.write(place / path.name, nb)
    parameters = {"PROFILE": "reduced"}
    if any("DRIVE = False" in cell.source for cell in nb.cells):
        parameters["DRIVE"] = True
    return execute(place / path.name, parameters, kernel=path.stem)


def create_environment(python: Path, home: Path) -> Path:
    """Create an environment with every package of another one but colorlib; return its Python.

    The packages are links, so installing or removing one here changes nothing there.
    """
    site_packages = "import sysconfig; print(sysconfig.get_path('purelib'))"
    source = Path(_output([str(python), "-c", site_packages]))
    _output([str(python), "-m", "venv", "--without-pip", str(home)])
    links, own_python = home / "packages", home / "bin" / "python"
    links.mkdir()
    for entry in source.iterdir():
        if "colorlib" not in entry.name:
            (links / entry.name).symlink_to(entry)
    site = Path(_output([str(own_python), "-c", site_packages]))
    atomic_write_text(site / "packages.pth", f"{links}\n")
    atomic_write_text(site / "google/colab/__init__.py", GOOGLE_COLAB)
    return own_python


def write_kernelspec(place: Path, name: str, python: Path, env: dict[str, str]) -> None:
    """Write a kernel of that Python for ``JUPYTER_PATH``; it reads no settings of the user."""
    env = env | {"IPYTHONDIR": str(place / "ipython"), "PYTHONNOUSERSITE": "1"}
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python", "env": env}
    atomic_write_text(place / "kernels" / name / "kernel.json", json.dumps(spec))


def add_probes(nb: NotebookNode) -> NotebookNode:
    """Return a copy that lists its packages before and after set-up, and runs set-up twice."""
    nb = copy.deepcopy(nb)
    index = next(index for index, cell in enumerate(nb.cells) if cell.id == "setup")
    again = new_code_cell(nb.cells[index].source, id="again")
    nb.cells[index + 1 : index + 1] = [again, new_code_cell(AFTER_SETUP, id="after")]
    nb.cells.insert(0, new_code_cell(BEFORE_SETUP, id="before"))
    return nb


def problems(run: Run, lesson: Lesson) -> Iterator[str]:
    """Yield a sentence for each thing that a run did and no lesson may do on Colab."""
    if run.problem:
        yield run.problem
        return
    cells = {cell.id: cell for cell in run.nb.cells}
    before, after = (json.loads(printed(cells[name])) for name in ("before", "after"))
    yield from _package_problems(before, after)
    needs_click = bool(lesson.gpu_minutes) and gpu_name() is None
    for name in ("setup", "again"):
        first, *more = printed(cells[name]).splitlines() or [""]
        if not first.startswith(READY.format(lesson.number)) or GREEN in "".join(more):
            yield f"{name} prints {first!r}, expected one green line"
        if len(more) != needs_click or (needs_click and GPU_MENU_PATH not in more[0]):
            hint = "expected what to click where a GPU is missing"
            yield f"{name} prints {more} below the green line, {hint}"
    for cell in run.nb.cells:
        for line in printed(cell, "stderr").splitlines():
            if line.strip() and not PROGRESS_BAR.search(line):
                yield f"red text in the cell {cell.id!r}: {line}"
                break
    wants_drive = any("DRIVE = True" in cell.source for cell in run.nb.cells)
    if wants_drive and not any(DRIVE_REFUSED in printed(cell) for cell in run.nb.cells):
        yield "Drive was asked for and refused, and no cell says so"


def _package_problems(before: list[list[str]], after: list[list[str]]) -> Iterator[str]:
    if any("colorlib" in name for name, _ in before):
        yield "colorlib was there before set-up, so this run shows nothing"
    new = [" ".join(package) for package in after if package not in before]
    gone = [f"{' '.join(package)} is gone" for package in before if package not in after]
    if gone or [package.split()[0] for package in new] != ["colorlib-course"]:
        changed = ", ".join(new + gone) or "nothing"
        yield f"set-up changed {changed}, expected colorlib-course to be new"


def printed(cell: NotebookNode, stream: str = "stdout") -> str:
    """Return what a cell wrote to one of its streams."""
    return "".join(out.text for out in cell.get("outputs", []) if out.get("name") == stream)


def seconds(run: Run, cell_id: str) -> float:
    """Return how long a cell took; NaN if it did not run."""
    cell = next(cell for cell in run.nb.cells if cell.id == cell_id)
    duration = cell.metadata.papermill.get("duration")
    return float("nan") if duration is None else duration


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
