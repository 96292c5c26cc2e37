"""The page that colours a photo, in Chromium: seconds and memory for photos of several sizes.

Run it with ``python -m benchmarks.browser`` after ``python -m course site``: a minute. A server on
this machine sends the page, so the time for its download is not in these numbers. Each photo is
opened in a new page.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.timing import Report, command
from course.tool.course_config import ROOT

BUILD = ROOT / "build"
NAMES = ("chromium", "chromium-browser", "google-chrome")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--megapixels", type=float, nargs="+", default=[1, 12, 24], help="of photos"
    )


def run(megapixels: Sequence[float] = (1, 12, 24)) -> Report:
    """Time the page's steps for a photo of each size, and watch the memory of the browser."""
    from playwright.sync_api import sync_playwright

    from colorlib.data import sample_photos

    protocol = "seconds until the sentence that a step is done; memory: of all processes together"
    report = Report("python -m benchmarks.browser", protocol)
    photo = Image.open(sample_photos("test")[0].path).convert("RGB")
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(BUILD) as address,
        sync_playwright() as playwright,
    ):
        for size in megapixels:
            width = round((size * 1e6 * 4 / 3) ** 0.5)
            path = Path(folder, f"{size:g}.jpg")
            photo.resize((width, width * 3 // 4)).save(path, quality=92)
            path_of_chromium = next(filter(None, map(shutil.which, NAMES)))
            browser = playwright.chromium.launch(executable_path=path_of_chromium)
            page = browser.new_page()
            page.goto(f"{address}/colour.html")
            before = memory_of_children()
            with peak_memory() as peak:
                for name, seconds in steps(page, path).items():
                    report.facts[f"{size:g} megapixels, {name}, s"] = round(seconds, 1)
            report.facts[f"{size:g} megapixels, peak memory above the empty page, MB"] = round(
                (peak["bytes"] - before) / 1e6
            )
            browser.close()
    return report


def steps(page: Any, photo: Path) -> dict[str, float]:
    """Open a photo, colour it again with a model that is loaded, and save it; return seconds."""
    seconds = {}
    begin = time.perf_counter()
    page.locator("#colour-file").set_input_files(photo)
    page.get_by_text("Done.").wait_for(timeout=300_000)
    seconds["first photo, with the model's load"] = time.perf_counter() - begin
    page.evaluate("document.getElementById('colour-status').textContent = ''")
    begin = time.perf_counter()
    page.locator("#colour-file").set_input_files(photo)
    page.get_by_text("Done.").wait_for(timeout=300_000)
    seconds["second photo"] = time.perf_counter() - begin
    begin = time.perf_counter()
    with page.expect_download(timeout=300_000):
        page.get_by_role("button", name="Download as PNG").click()
    seconds["the full size as PNG"] = time.perf_counter() - begin
    return seconds


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Write nothing."""

    handler = functools.partial(Handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def peak_memory() -> Iterator[dict[str, int]]:
    """Watch the memory of this process's children, ten times a second."""
    peak, done = {"bytes": 0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak["bytes"] = max(peak["bytes"], memory_of_children())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def memory_of_children() -> int:
    """Return the proportional share of memory, in bytes, of all descendants of this process."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # the process has ended
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    total = 0
    for process in parents:
        ancestor = parents[process]
        while ancestor in parents and ancestor != os.getpid():
            ancestor = parents[ancestor]
        if ancestor == os.getpid():
            try:
                lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
