"""Write a text file so that a reader sees the old text or the new one, never half of it."""

from __future__ import annotations

from pathlib import Path

from colorlib.io.files import atomic_write


def atomic_write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` (UTF-8, newlines as given) in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, overwrite=True) as file:
        file.write(text.encode("utf-8"))
