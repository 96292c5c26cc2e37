"""Find and read files; write a text as a whole or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from colorlib.io.files import atomic_write
from course.tool.cli import CourseError


def find_files(root: Path, patterns: Iterable[str]) -> list[Path]:
    """Return the files that match one of the patterns, in order, without the packages of npm."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "node_modules" not in path.parts)


def atomic_write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` (UTF-8, newlines as given) in one step."""
    atomic_write_bytes(path, text.encode("utf-8"))


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` in one step, in a folder that is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, overwrite=True) as file:
        file.write(data)


def read_picture(root: Path, file: str, limit: int) -> bytes:
    """Return the bytes of a picture; raise CourseError if it has more than ``limit``."""
    data = (root / file).read_bytes()
    if len(data) > limit:
        raise CourseError(f"{file} has {len(data)} bytes, at most {limit} fit: save it smaller.")
    return data


def embed_picture(data: bytes, kind: str, alt: str) -> str:
    """Return Markdown that holds the bytes of a picture, a ``jpeg``, ``png`` or ``webp``."""
    return f"![{alt}](data:image/{kind};base64,{base64.b64encode(data).decode('ascii')})"
