"""``python -m course run``: execute notebooks offline, make the site from them, report failures."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat

from colorlib.io.threads import available_cores
from course.tool import course_config, files, no_network, notebooks, site
from course.tool.cli import CourseError
from course.tool.execute import Run, code_cells, environment, execute
from course.tool.parameter_probe import KEPT, ignored_parameters, probe_values
from course.tool.stored_outputs import store_outputs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_names(parser)
    parser.add_argument("--tree", choices=["solutions", "lessons"], default="solutions")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--store", action="store_true", help="store the outputs of what changed")
    group.add_argument("--probe", action="store_true", help="expect unusual parameters in outputs")
    parser.add_argument(
        "--jobs", type=int, default=min(2, available_cores()), help="notebooks at a time"
    )


def add_names(parser: argparse.ArgumentParser) -> None:
    """Add the names of notebooks to the options of a command."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="01, or 01_name; default: all")


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Execute notebooks, offline; return 1 if one of them fails."""
    if args.store and args.tree != "solutions":
        raise CourseError(
            "found --store with --tree lessons, which have no outputs: leave one out."
        )
    if args.jobs < 1:
        raise CourseError(f"--jobs is {args.jobs}, expected 1 or more: leave it out.")
    no_network.require_offline()
    return run(root, args.tree, args.names, store=args.store, probe=args.probe, workers=args.jobs)


def run(
    root: Path,
    tree: str,
    names: Sequence[str] = (),
    *,
    store: bool = False,
    probe: bool = False,
    workers: int = 1,
) -> int:
    """Execute notebooks of one tree; results go to ``build/``, with the site if tree is solutions.

    Args:
        root: The folder of the course.
        tree: ``"solutions"`` or ``"lessons"``.
        names: Which notebooks; none means all, or with ``store`` those that changed since.
        store: Run with the default parameters and write the outputs back.
        probe: Run with unusual parameters and fail if one is ignored; the copies go to
            ``build/probe/``.
        workers: How many notebooks run at a time.

    Returns:
        0 if every notebook ran to its end and the site has no problem, else 1. Pages are made only
        if every notebook ran to its end; ``python -m course site`` makes them from what there is.
    """
    paths = select(root, tree, names)
    if store and not names:
        paths = [path for path in paths if not notebooks.is_fresh(notebooks.read(path))]
        if not paths:
            print("Every stored output is that of its source: nothing to do.")
            return 0
    probes, parameters = {}, {}
    for path in paths:
        probes[path] = probe_values(notebooks.read(path), notebooks.name(path)) if probe else []
        values = {one.name: one.value for one in probes[path]}
        parameters[path] = {} if store else {KEPT: "reduced", **values}
    os.environ.update(environment(tree, workers))
    folder = f"build/{'probe' if probe else tree}"
    runs = []
    for path, result in execute_all(parameters, workers):
        ignored = ignored_parameters(probes[path], result.nb)
        if ignored and not result.problem:
            names = ", ".join(ignored)
            result.problem = f"ignores the parameter {names}: no output shows its probe value"
        if store and not result.problem:
            try:
                store_outputs(path, result)
            except CourseError as error:
                result.problem = str(error)
        keep(root / folder, result)
        runs.append(result)
    report(folder, sorted(runs, key=lambda result: result.name))
    failed = any(result.problem for result in runs)
    site_problems = site.make(root) if tree == "solutions" and not store and not failed else 0
    return int(site_problems or failed)


def select(root: Path, tree: str, names: Sequence[str] = ()) -> list[Path]:
    """Return the notebooks of a tree that have these names or numbers, or all."""
    paths = sorted((root / tree).glob("*.ipynb"))
    if not paths:
        raise CourseError(f"{tree}/ holds no notebook, expected one: run python -m course build.")
    chosen = []
    for name in names:
        stem = Path(name).stem
        found = [path for path in paths if stem in (path.stem, path.stem.split("_")[0])]
        if not found:
            known = ", ".join(path.stem for path in paths)
            raise CourseError(f"{name!r} is not a notebook of {tree}/: choose from {known}.")
        chosen += found
    return list(dict.fromkeys(chosen)) or paths


def execute_all(parameters: Mapping[Path, dict], workers: int) -> Iterator[tuple[Path, Run]]:
    """Execute notebooks in parallel; yield each path with its run, as they finish."""
    from tqdm import tqdm

    cells = 0
    for path, values in parameters.items():
        cells += len(code_cells(notebooks.read(path))) + bool(values)
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=cells, unit="cell", desc="notebooks", mininterval=1) as bar,
    ):
        futures = {}
        for path, values in parameters.items():
            futures[pool.submit(execute, path, values, bar.update)] = path
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except KeyboardInterrupt:
            _stop_kernels(futures)
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _stop_kernels(futures: Iterable[Future]) -> None:
    """End the kernels, which Ctrl-C does not reach, until no notebook runs any more."""
    import psutil  # comes with ipykernel

    for future in futures:
        future.cancel()
    while not all(future.done() for future in futures):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.2)


def keep(folder: Path, result: Run) -> None:
    """Write the executed notebook into ``folder``, and the traceback if there is one."""
    nb = result.nb
    facts = {"seconds": round(result.seconds, 1), "problem": result.problem}
    nb.metadata.course = nbformat.from_dict({**nb.metadata.get("course", {}), "run": facts})
    notebooks.write(folder / f"{result.name}.ipynb", nb)
    error_file = folder / f"{result.name}.error.txt"
    if result.traceback:
        files.atomic_write_text(error_file, result.traceback + "\n")
    else:
        error_file.unlink(missing_ok=True)


def report(folder: str, runs: list[Run]) -> None:
    """Print the table, and below it the failures."""
    width = max(len(run.name) for run in runs)
    print(f"\n{'notebook':{width}}  seconds  cells  result")
    for run in runs:
        result = "failed" if run.problem else "ok"
        print(f"{run.name:{width}}  {run.seconds:7.1f}  {run.cells:5}  {result}")
    for run in runs:
        if run.problem:
            print(f"\n{run.name}: {run.problem}")
            for line in run.source.splitlines()[:4]:
                print(f"    | {line}")
        if run.traceback:
            print(f"    the whole traceback: {folder}/{run.name}.error.txt")
