"""``python -m course standalone``: run lessons as on Colab, each alone in an empty folder, without colorlib.

A lesson gets a Python with the packages of another one but without colorlib, Colab's marks, and a Drive whose
owner says no. Its own set-up cell installs the library, and runs a second time to show that this is harmless.
After set-up nothing but the loopback is reachable; before it, too, if the source is a file.
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
from course.tool import course_config, files, no_network, notebooks, run, wheel
from course.tool.course_config import ROOT, Lesson
from course.tool.execute import Run, environment, execute

PACKAGES = """\
print(__import__("json").dumps(sorted(
    [d.name, d.version] for d in __import__("importlib.metadata").metadata.distributions()
)))"""
BEFORE = f'__import__("google.colab")  # Colab has imported it before the first cell\n{PACKAGES}'
AFTER = f'{PACKAGES}\n__import__("runpy").run_path({str(no_network.GUARD / "sitecustomize.py")!r})'
GOOGLE = """\
class drive:
    def mount(where):
        raise ValueError("mount failed")  # what Colab raises where leave is refused
"""
GREEN = "\x1b[32m✓ Ready for lesson {} · "
BAR = re.compile(r"\d%\|")  # tqdm's; it is no warning
REFUSED = "Google Drive cannot be used (mount failed)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a lesson (01, or 01_colour_spaces)"
    )
    parser.add_argument(
        "--python", default=sys.executable, help="take the packages of this environment"
    )
    parser.add_argument(
        "--source",
        default=os.environ.get("COLORLIB_SOURCE"),
        help="what set-up installs: a wheel or a git URL (default: COLORLIB_SOURCE, else a wheel built now)",
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Run lessons alone, say how long set-up took and what went wrong; 1 if something did."""
    if args.source is None or Path(args.source).exists():
        no_network.require_offline()
    paths = run.select(root, "lessons", args.names)
    lessons = {lesson.name: lesson for lesson in course_config.load(root).lessons}
    with tempfile.TemporaryDirectory(prefix="course-") as folder, ThreadPoolExecutor(2) as pool:
        source = args.source or str(wheel.build(root, Path(folder)))
        if Path(source).exists():
            source = str(Path(source).resolve())
        places = [Path(folder, path.stem) for path in paths]
        os.environ.update(environment("lessons", 2), JUPYTER_PATH=os.pathsep.join(map(str, places)))
        jobs = [
            pool.submit(run_alone, path, place, Path(args.python), source)
            for path, place in zip(paths, places, strict=True)
        ]
        runs = [job.result() for job in jobs]
    failed = False
    print(f"{'lesson':28}  set-up  again  whole run, in seconds")
    for one in runs:
        setup, again = (seconds(one, name) for name in ("setup", "again"))
        print(f"{one.name:28}  {setup:6.1f}  {again:5.1f}  {one.seconds:5.1f}")
        for problem in problems(one, lessons[one.name]):
            failed = True
            print(f"    {problem}")
    return int(failed)


def run_alone(path: Path, place: Path, python: Path, source: str) -> Run:
    """Run one lesson; the folder ``place`` takes its environment and its kernel, named as the lesson is."""
    mine = bare(python, place / "environment")
    kernel(place, path.stem, mine, {"COLORLIB_SOURCE": source, "COLAB_RELEASE_TAG": "simulated"})
    nb = instrumented(notebooks.read(path))
    notebooks.write(place / path.name, nb)
    drive = any(
        "DRIVE = False" in cell.source for cell in nb.cells if "parameters" in notebooks.tags(cell)
    )
    parameters = {"PROFILE": "reduced"} | ({"DRIVE": True} if drive else {})
    return execute(place / path.name, parameters, kernel=path.stem)


def bare(python: Path, home: Path) -> Path:
    """Make an environment that sees every package of another one but colorlib, and can change none.

    Returns:
        Its Python.
    """
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    theirs = Path(_output([str(python), "-c", ask]))
    _output([str(python), "-m", "venv", "--without-pip", str(home)])
    mine, own = home / "packages", home / "bin" / "python"
    mine.mkdir()
    for entry in theirs.iterdir():
        if "colorlib" not in entry.name:
            (mine / entry.name).symlink_to(entry)
    site = Path(_output([str(own), "-c", ask]))
    files.atomic_write_text(site / "packages.pth", f"{mine}\n")
    files.atomic_write_text(site / "google/colab/__init__.py", GOOGLE)
    return own


def kernel(place: Path, name: str, python: Path, env: dict[str, str]) -> None:
    """Describe a kernel of that Python for ``JUPYTER_PATH``, which reads nothing of the user's."""
    env = env | {"IPYTHONDIR": str(place / "ipython"), "PYTHONNOUSERSITE": "1"}
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python", "env": env}
    files.atomic_write_text(place / "kernels" / name / "kernel.json", json.dumps(spec))


def instrumented(nb: NotebookNode) -> NotebookNode:
    """A copy that lists its packages before and after set-up, and runs set-up twice."""
    nb = copy.deepcopy(nb)
    place = next(number for number, cell in enumerate(nb.cells) if cell.id == "setup")
    again = new_code_cell(nb.cells[place].source, id="again")
    nb.cells[place + 1 : place + 1] = [again, new_code_cell(AFTER, id="after")]
    nb.cells.insert(0, new_code_cell(BEFORE, id="before"))
    return nb


def problems(one: Run, lesson: Lesson) -> Iterator[str]:
    """What a run did that no lesson may do on Colab; a sentence each."""
    if one.problem:
        yield one.problem
        return
    cells = {cell.id: cell for cell in one.nb.cells}
    before, after = (json.loads(said(cells[name])) for name in ("before", "after"))
    if any("colorlib" in name for name, _ in before):
        yield "colorlib was there before set-up, so this run shows nothing"
    changed = [f"{name} {version}" for name, version in after if [name, version] not in before]
    changed += [
        f"{name} {version} is gone" for name, version in before if [name, version] not in after
    ]
    if [text.split()[0] for text in changed] != ["colorlib-course"]:
        yield f"set-up changed {', '.join(changed) or 'nothing'}, expected colorlib-course to be new"
    wants_click = bool(lesson.gpu_minutes) and gpu_name() is None
    for name in ("setup", "again"):
        first, *more = said(cells[name]).splitlines() or [""]
        if not first.startswith(GREEN.format(lesson.number)) or "\x1b[32m" in "".join(more):
            yield f"{name} says {first!r}, expected one green line"
        if len(more) != wants_click or (wants_click and GPU_MENU_PATH not in more[0]):
            yield f"{name} says {more} below the green line, expected what to click where a GPU is missing"
    for cell in one.nb.cells:
        red = [
            line
            for line in said(cell, "stderr").splitlines()
            if line.strip() and not BAR.search(line)
        ]
        if red:
            yield f"red text in the cell {cell.id!r}: {red[0]}"
    wants_drive = any("DRIVE = True" in cell.source for cell in one.nb.cells)
    if wants_drive and not any(REFUSED in said(cell) for cell in one.nb.cells):
        yield "Drive was asked for and refused, and no cell says so"


def said(cell: NotebookNode, stream: str = "stdout") -> str:
    """What a cell wrote to one of its streams."""
    return "".join(out.text for out in cell.get("outputs", []) if out.get("name") == stream)


def seconds(one: Run, name: str) -> float:
    """How long a cell took; not a number if it did not run."""
    cell = next(cell for cell in one.nb.cells if cell.id == name)
    return cell.metadata.get("papermill", {}).get("duration") or float("nan")


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
