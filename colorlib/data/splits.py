"""Which pictures train, which validate, which test: decided by name, once and for all.

Each name is hashed to a number in [0, 1), and the ratios cut that line into parts. So a picture's part
depends on its own name and the seed alone: adding, removing or reordering files moves no other one, and a
test picture cannot drift into training. The price is that the ratios hold only roughly: of 8,000 names, a
ratio of 0.1 takes 800 give or take 27 (one standard deviation); of ten names, it may take none.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate


def hash_split(
    names: Iterable[str] | int, ratios: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0
) -> tuple[list, ...]:
    """Divide names into parts.

    Args:
        names: file names relative to one folder, with forward slashes, as :func:`colorlib.data.list_images` gives;
            or a number n for the integers 0 to n - 1. A name given twice lands twice in one part.
        ratios: the share of each part, not negative, with sum 1.
        seed: another seed gives another division.

    Returns:
        One list for each ratio, in the order given.

    Raises:
        ValueError: ratios that are negative or do not sum to 1, or a negative n.

    Example:
        >>> train, val, test = hash_split(1000)
        >>> len(train), len(val), len(test)
        (801, 114, 85)
        >>> hash_split(["lawn.png", "ball.png"]) == hash_split(["lawn.png", "ball.png"])
        True
    """
    if not ratios or min(ratios) < 0 or abs(sum(ratios) - 1) > 1e-6:
        raise ValueError(
            f"ratios {tuple(ratios)} were found, expected shares with sum 1, such as (0.8, 0.1, 0.1)."
        )
    if isinstance(names, int) and names < 0:
        raise ValueError(
            f"{names} names were found, expected 0 or more; pass the number of pictures."
        )
    edges = list(accumulate(ratios))[:-1]
    parts = tuple([] for _ in ratios)
    for name in range(names) if isinstance(names, int) else names:
        place = _place(name, seed)
        parts[sum(place >= edge for edge in edges)].append(name)
    return parts


def _place(name: str | int, seed: int) -> float:
    """Hash a name to [0, 1); the two ways in which systems spell an accented letter count as one."""
    text = unicodedata.normalize("NFC", f"{seed}:{name}")
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:6]) / 2**48
