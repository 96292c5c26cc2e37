"""A local server of small archives in place of the papers' data, to test full profiles.

``COLORLIB_SOURCES`` replaces the real addresses; everything after that, from the download to the
image cache, is what a person's machine does.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from colorlib import data
from colorlib.data.catalog import CATALOG
from colorlib.io.images import save_image


class SilentHandler(SimpleHTTPRequestHandler):
    """Serve files without a log."""

    def log_message(self, *args) -> None:
        """Keep the test's output clean."""


@contextmanager
def serve_archives(
    folder: Path,
    counts: Mapping[str, int],
    handler: type[SimpleHTTPRequestHandler] = SilentHandler,
) -> Iterator[dict[str, str]]:
    """Serve small archives under the names of real sources.

    Args:
        folder: An empty one, for the archives, the catalog and the cache.
        counts: The number of photos in each folder of a source, by the source's name.
        handler: Answers the requests.

    Yields:
        Environment variables for the process that is to use them.
    """
    answer = functools.partial(handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        catalog = []
        for name, count in counts.items():
            file = _pack(name, count, folder)
            folders = ", ".join(f'"{part}" = {count}' for part in CATALOG[name].counts)
            catalog += [
                f"[{name}]",
                f'title = "{name}, small"',
                f'urls = ["http://127.0.0.1:{server.server_port}/{file}"]',
                'licence = "for tests"',
                'citation = "nobody"',
                f"counts = {{ {folders} }}",
            ]
        (folder / "catalog.toml").write_text("\n".join(catalog))
        yield {
            "COLORLIB_SOURCES": str(folder / "catalog.toml"),
            "COLORLIB_CACHE": str(folder / "cache"),
        }
        server.shutdown()


def _pack(name: str, count: int, folder: Path) -> str:
    """Write the archive of a source into ``folder``; return its name."""
    file = CATALOG[name].urls[0].rpartition("/")[2]
    crops = data.sample_photo_crops(count, 300, seed=4, split="all")
    with tempfile.TemporaryDirectory() as content:
        for part in CATALOG[name].counts:
            Path(content, part).mkdir(parents=True)
            for i, rgb in enumerate(crops):
                save_image(rgb, Path(content, part, f"{i:06d}.jpg"))
        kind = "zip" if file.endswith(".zip") else "gztar"
        archive = shutil.make_archive(str(folder / name), kind, content)
    Path(archive).rename(folder / file)
    return file
