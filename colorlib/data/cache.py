"""Where downloads and prepared arrays are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

import pooch


def cache_folder(*parts: str) -> Path:
    """Name a folder below the cache, making none: ``$COLORLIB_CACHE`` if it is set, else the system's own.

    On Colab, point ``COLORLIB_CACHE`` at a folder on Drive to keep downloads for the next session.

    Example:
        >>> cache_folder("sources", "yosemite").parts[-2:]
        ('sources', 'yosemite')
    """
    root = os.environ.get("COLORLIB_CACHE") or pooch.os_cache("colorlib")
    return Path(root).expanduser().joinpath(*parts)
