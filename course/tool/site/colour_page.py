"""The page that colours a photo in the reader's browser: ``colour.html``.

Its programs are in ``course/web/``. It needs packages of npm, so a machine without npm makes the
site without this page.
"""

from __future__ import annotations

from pathlib import Path


def is_available(root: Path) -> bool:
    """Return whether the page can be made: its packages of npm are installed."""
    return (root / "course/web/node_modules").is_dir()
