"""The papers' archives in small, from a server on this machine, for tests of a lesson's full profile.

``COLORLIB_SOURCES`` replaces the real addresses; all that follows, from the download to the prepared array,
is what a person's machine does.
"""

from __future__ import annotations

import functools
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from colorlib import data
from colorlib.color import to_uint8
from colorlib.data.catalog import CATALOG


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        """Keep the test's output clean."""


def jpeg(rgb) -> bytes:
    """A picture (3, h, w) as a JPEG file."""
    from PIL import Image

    Image.fromarray(to_uint8(rgb[None])[0].movedim(0, -1).numpy()).save(
        file := io.BytesIO(), "JPEG"
    )
    return file.getvalue()


@contextmanager
def served(folder: Path, few: Mapping[str, int]) -> Iterator[dict[str, str]]:
    """Serve small archives under the names of real sources.

    Args:
        folder: An empty one, for the archives, the table and the cache.
        few: Source -> how many photos each folder that its table counts gets.

    Yields:
        Environment variables for the process that is to use them.
    """
    names, table = list(few), []
    for name in names:
        source, photos = CATALOG[name], few[name]
        file = source.urls[0].rpartition("/")[2]
        squares = [
            jpeg(square) for square in data.sample_photo_crops(photos, 300, seed=4, split="all")
        ]
        members = {
            f"{part}/{i:06d}.jpg": square
            for part in source.counts
            for i, square in enumerate(squares)
        }
        _pack(folder / file, members)
        counts = ", ".join(f'"{part}" = {photos}' for part in source.counts)
        table.append(
            f'[{name}]\ntitle = "{name}, in small"\nurls = ["http://127.0.0.1:PORT/{file}"]\n'
        )
        table.append(f'licence = "for tests"\ncitation = "nobody"\ncounts = {{ {counts} }}\n')
    handler = functools.partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (folder / "catalog.toml").write_text(
            "".join(table).replace("PORT", str(server.server_port))
        )
        yield {
            "COLORLIB_SOURCES": str(folder / "catalog.toml"),
            "COLORLIB_CACHE": str(folder / "cache"),
        }
        server.shutdown()


def _pack(path: Path, members: Mapping[str, bytes]) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
