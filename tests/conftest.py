"""Options for all tests, and the table of faults; xdist reads no conftest in a deeper folder."""

import sys


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
