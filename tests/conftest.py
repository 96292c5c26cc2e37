"""Options for all tests, and the table of faults; xdist reads no conftest in a deeper folder."""

import os
import sys

import pytest


def pytest_runtest_setup(item):
    """Seed torch, so that a random network does not depend on the tests before it."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


def pytest_collection_modifyitems(config, items):
    """Measure the coverage of the core by the core's own tests only: tracing calls takes time."""
    if config.pluginmanager.hasplugin("pytest_cov"):
        modules = (config.rootpath / "colorlib").glob("[a-z]*.py")
        core = tuple(f"test_{path.stem}" for path in modules)
        for item in items:
            if not item.path.name.startswith(core):
                item.add_marker("no_cover")


def pytest_terminal_summary(terminalreporter):
    total = {}
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, value in getattr(report, "user_properties", ()):
            if name == "fault" and report.when == "call":
                kind, n, lost = value
                before = total.get(kind, (0, 0))
                total[kind] = before[0] + n, before[1] + lost
    if total:
        terminalreporter.section("what the fault tests tried")
        wide = max(map(len, ["kind of fault", *total]))
        terminalreporter.write_line(f"{'kind of fault':{wide}} | tried | lost")
        for kind, (n, lost) in sorted(total.items()):
            terminalreporter.write_line(f"{kind:{wide}} | {n:5} | {lost:4}")


@pytest.fixture
def open_elsewhere(monkeypatch):
    """Refuse what Windows refuses while another program has a file open, as often as a test says.

    The test sets how often ``"replace"``, ``"unlink"`` or ``"truncate"`` is refused.
    """
    from colorlib.io import files

    refusals = {"replace": 0, "unlink": 0, "truncate": 0}

    def refuse(name, function):
        def call(*args, **options):
            refusals[name] -= 1
            if refusals[name] >= 0:
                raise PermissionError(13, "The process cannot access the file", str(args[0]))
            return function(*args, **options)

        return call

    monkeypatch.setattr(os, "replace", refuse("replace", os.replace))
    monkeypatch.setattr(os, "truncate", refuse("truncate", os.truncate))
    monkeypatch.setattr(files.Path, "unlink", refuse("unlink", files.Path.unlink))
    monkeypatch.setattr(files, "_IS_WINDOWS", True)
    monkeypatch.setattr(files, "_PAUSES_ON_WINDOWS", (0, 0, 0))
    return refusals


@pytest.fixture
def make_photos(tmp_path):
    """Return a function that fills a folder with so many squares cut out of the sample photos."""

    def make(count):
        from colorlib import data
        from colorlib.io.images import tensor_to_image

        folder = tmp_path / "photos"
        folder.mkdir()
        for number, crop in enumerate(data.sample_photo_crops(count, 64, seed=0)):
            tensor_to_image(crop[None]).save(folder / f"{number}.png")
        return folder

    return make


@pytest.fixture
def course_root(tmp_path):
    """Return a folder that stands for a course in which no result is stored yet."""
    from course.tool import stored_results

    root = tmp_path / "course"
    (root / stored_results.FOLDER).mkdir(parents=True)
    return root
