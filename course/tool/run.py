"""``python -m course run``: execute notebooks offline, make the site of them, and say what failed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course.tool import course_config, files, no_network, notebooks, site, stored_outputs
from course.tool.cli import CourseError
from course.tool.execute import Run, code_cells, cores, environment, execute
from course.tool.parameter_probe import KEPT, Probe, ignored_parameters, probe_values


@dataclass
class Job:
    """One notebook to execute, and what papermill injects into it."""

    path: Path
    parameters: dict[str, Any]
    odd: list[Probe] = field(default_factory=list)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a notebook (01, or 01_colour_spaces); default: all",
    )
    parser.add_argument(
        "--tree", choices=["solutions", "lessons"], default="solutions", help="default: solutions"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--store", action="store_true", help="write outputs back into the solutions that changed"
    )
    way.add_argument(
        "--probe", action="store_true", help="inject odd parameters and look for them in the output"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=min(2, cores()),
        help="notebooks at a time (default: %(default)s)",
    )


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Execute notebooks, offline; 1 if one of them fails."""
    if args.store and args.tree != "solutions":
        raise CourseError(
            "found --store with --tree lessons, but lessons have no outputs: leave out --tree lessons."
        )
    if args.jobs < 1:
        raise CourseError(
            f"--jobs is {args.jobs}, expected 1 or more: leave it out for the default."
        )
    no_network.require_offline()
    return run(
        root, args.tree, args.names, store_outputs=args.store, odd=args.probe, workers=args.jobs
    )


def run(
    root: Path,
    tree: str,
    names: Sequence[str] = (),
    *,
    store_outputs: bool = False,
    odd: bool = False,
    workers: int = 1,
) -> int:
    """Execute notebooks of one tree; what is made lies in ``build/``, and of solutions the site as well.

    Args:
        root: The folder of the course.
        tree: ``"solutions"`` or ``"lessons"``.
        names: Which notebooks; none means all, or with ``store_outputs`` those that changed since.
        store_outputs: Run with the default parameters and write the outputs back.
        odd: Run with odd parameters and fail where one is ignored; the copies go to ``build/probe/``.
        workers: How many notebooks run at a time.

    Returns:
        0 if every notebook ran to its end and the site has nothing to mend, else 1.
    """
    paths = select(root, tree, names)
    if store_outputs and not names:
        paths = [path for path in paths if not notebooks.is_fresh(notebooks.read(path))]
        if not paths:
            print("Every stored output is that of its source: nothing to do.")
            return 0
    os.environ.update(environment(tree, workers))
    runs = []
    for path, one in execute_all([job(path, store_outputs, odd) for path in paths], workers):
        if store_outputs and not one.problem:
            one.problem = stored(path, one)
        keep(root, "probe" if odd else tree, one)
        runs.append(one)
    runs.sort(key=lambda one: one.name)
    report("probe" if odd else tree, runs)
    made = site.make(root) if tree == "solutions" and not store_outputs else 0
    return int(made or any(one.problem for one in runs))


def select(root: Path, tree: str, names: Sequence[str]) -> list[Path]:
    """The notebooks of a tree that go by these names, or all."""
    paths = sorted((root / tree).glob("*.ipynb"))
    if not paths:
        raise CourseError(
            f"{tree}/ holds no notebook, expected at least one: run python -m course build."
        )
    chosen = []
    for name in names:
        stem = Path(name).stem
        found = [path for path in paths if stem in (path.stem, path.stem.split("_")[0])]
        if not found:
            known = ", ".join(path.stem for path in paths)
            raise CourseError(f"{name!r} is no notebook of {tree}/: choose from {known}.")
        chosen += found
    return list(dict.fromkeys(chosen)) or paths


def job(path: Path, store_outputs: bool, odd: bool) -> Job:
    """What to inject: nothing if outputs are stored, else the reduced profile, and odd values if asked."""
    if store_outputs:
        return Job(path, {})
    values = probe_values(notebooks.read(path), notebooks.name(path)) if odd else []
    return Job(path, {KEPT: "reduced", **{one.name: one.value for one in values}}, values)


def execute_all(jobs: list[Job], workers: int) -> Iterator[tuple[Path, Run]]:
    """Execute notebooks side by side; yields each path with its run, as they finish."""
    from tqdm import tqdm

    cells = sum(len(code_cells(notebooks.read(one.path))) + bool(one.parameters) for one in jobs)
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=cells, unit="cell", desc="notebooks", mininterval=1) as bar,
    ):
        futures = {pool.submit(execute, one.path, one.parameters, bar.update): one for one in jobs}
        try:
            for future in as_completed(futures):
                one, ran = futures[future], future.result()
                if not ran.problem and (names := ignored_parameters(one.odd, ran.nb)):
                    ran.problem = (
                        f"ignores the parameter {', '.join(names)}: no output shows the odd value"
                    )
                yield one.path, ran
        finally:
            pool.shutdown(cancel_futures=True)


def stored(path: Path, one: Run) -> str:
    """Store a run's outputs in its notebook; why not, if they cannot be."""
    try:
        stored_outputs.store_outputs(path, one)
    except CourseError as error:
        return str(error)
    return ""


def keep(root: Path, folder: str, one: Run) -> None:
    """Write what a run left into ``build/``: the notebook, and the traceback if there is one."""
    nb: NotebookNode = one.nb
    facts = nbformat.from_dict({"run": {"seconds": round(one.seconds, 1), "problem": one.problem}})
    nb.metadata.course = nbformat.from_dict({**nb.metadata.get("course", {}), **facts})
    path = root / "build" / folder / f"{one.name}.ipynb"
    notebooks.write(path, nb)
    if one.traceback:
        files.atomic_write_text(path.with_suffix(".error.txt"), one.traceback + "\n")
    else:
        path.with_suffix(".error.txt").unlink(missing_ok=True)


def report(folder: str, runs: list[Run]) -> None:
    """Print the table, and below it what failed."""
    width = max(len(one.name) for one in runs)
    print(f"\n{'notebook':{width}}  seconds  cells  images  result")
    for one in runs:
        result = "failed" if one.problem else "ok"
        print(f"{one.name:{width}}  {one.seconds:7.1f}  {one.cells:5}  {one.images:6}  {result}")
    for one in (one for one in runs if one.problem):
        print(f"\n{one.name}: {one.problem}")
        for line in one.source.splitlines()[:4]:
            print(f"    | {line}")
        if one.traceback:
            print(f"    the whole traceback: build/{folder}/{one.name}.error.txt")
