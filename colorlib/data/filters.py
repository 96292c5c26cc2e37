"""Photos that a colorizer should not learn from: gray ones, faint ones, loud ones, crowded ones.

Paper 002 removes four kinds of photo, "grayscale, too faint, too vibrant or artificial, too detailed", and
says neither how it measures them nor where it draws the line. Measures and limits here are ours, stated in
:class:`Filters`: a reproduction can name them, and an experiment can change them. Gray photos matter most: a
network that is shown gray as truth learns that gray is an answer.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import numpy as np
import torch
from PIL import Image

from colorlib.color import rgb_to_lab
from colorlib.data.sample_photos import PhotoFile
from colorlib.io.files import atomic_write
from colorlib.io.images import ImageError
from colorlib.metrics import colorfulness

Rejected = tuple[PhotoFile, str]  # a photo and the reason
_SIDE = (
    128  # pictures are measured at this size, stretched, so that measures do not depend on theirs
)


@dataclass(frozen=True)
class FilterConfig:
    """The limits, all chosen by us: paper 002 states none.

    Faint and vibrant use the words that Hasler and Süsstrunk (2003) found for their colourfulness: 15 is
    "slightly colourful" and 109 "extremely colourful". ``one_hue`` and ``detailed`` lie at the edge of what
    ordinary photos show: a photo in colour is seldom below the one, a few in a hundred are above the other.

    Attributes:
        one_hue: least spread of (a, b) across their main direction, a standard deviation in Lab units; below
            it a photo is grayscale, or toned in a single hue as sepia is.
        faint: least colourfulness.
        vibrant: largest colourfulness.
        detailed: largest mean gradient of L, in Lab units a pixel at 128x128.
    """

    one_hue: float = 0.8
    faint: float = 15.0
    vibrant: float = 109.0
    detailed: float = 14.0

    def reason(self, image: Image.Image) -> str | None:
        """Say why a picture is dropped, or None if it passes.

        Example:
            >>> FilterConfig().reason(Image.new("RGB", (64, 48), (90, 90, 90)))
            'grayscale: one hue only, spread 0.0 < 0.8'
        """
        spread, colour, detail = measure_photo(image).values()
        fails = {
            f"grayscale: one hue only, spread {spread:.1f} < {self.one_hue:g}": spread
            < self.one_hue,
            f"too faint: colourfulness {colour:.0f} < {self.faint:g}": colour < self.faint,
            f"too vibrant: colourfulness {colour:.0f} > {self.vibrant:g}": colour > self.vibrant,
            f"too detailed: gradient of L {detail:.1f} > {self.detailed:g}": detail > self.detailed,
        }
        return next((reason for reason, failed in fails.items() if failed), None)


def measure_photo(image: Image.Image) -> dict[str, float]:
    """Measure what :class:`Filters` compares: ``spread``, ``colorfulness`` and ``detail``.

    Example:
        >>> measure_photo(Image.new("RGB", (64, 48), (90, 90, 90)))["detail"]
        0.0
    """
    small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    rgb = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    L, ab = rgb_to_lab(rgb)[0].split([1, 2])
    spread = torch.linalg.eigvalsh(torch.cov(ab.flatten(1)))[0].clamp(min=0).sqrt().item()
    detail = torch.hypot(L.diff(dim=1)[:, :, 1:], L.diff(dim=2)[:, 1:]).mean().item()
    return {"spread": spread, "colorfulness": colorfulness(rgb).item(), "detail": detail}


def filter_photos(
    photos: Iterable[PhotoFile], filters: FilterConfig = FilterConfig()
) -> tuple[list[PhotoFile], list[Rejected]]:
    """Divide photos into those that pass and those that are dropped, each with its reason.

    Args:
        photos: what to look at; a photo that cannot be read is dropped, with the error as its reason.
        filters: the limits.

    Returns:
        The kept photos, and pairs of a dropped photo and the reason, both in the order given.

    Example:
        >>> from colorlib.data import sample_photos
        >>> kept, dropped = filter_photos(sample_photos("all"))
        >>> len(kept), dropped
        (6, [])
    """
    kept, dropped = [], []
    for photo in photos:
        try:
            reason = filters.reason(photo.image())
        except (ImageError, OSError) as error:
            reason = f"unreadable: {error}"
        dropped.append((photo, reason)) if reason else kept.append(photo)
    return kept, dropped


def write_rejection_report(dropped: Iterable[Rejected], path: str | Path) -> Path:
    """Write a web page, one file without links to others, that shows what was dropped and why.

    Args:
        dropped: pairs as :func:`sift` gives.
        path: the file; one that exists is replaced.

    Returns:
        The path.

    Raises:
        OSError: the system refused: no such folder, no permission, no space.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     "Nothing was dropped" in write_rejection_report([], Path(folder, "report.html")).read_text()
        True
    """
    dropped = list(dropped)
    counts = Counter(reason.partition(":")[0] for _, reason in dropped).most_common()
    summary = "; ".join(f"{kind}: {count}" for kind, count in counts) or "Nothing was dropped"
    page = Template(Path(__file__).with_name("dropped.html").read_text("utf-8"))
    text = page.substitute(
        summary=escape(summary), figures="\n".join(_figure(*pair) for pair in dropped)
    )
    with atomic_write(path, overwrite=True) as file:
        file.write(text.encode("utf-8", errors="replace"))
    return Path(path)


def _figure(photo: PhotoFile, reason: str) -> str:
    name, picture = escape(photo.name), "<p>No picture: the file cannot be read.</p>"
    with suppress(ImageError, OSError):
        image = photo.image()
        image.thumbnail((160, 160))
        image.save(file := io.BytesIO(), "JPEG", quality=80)
        source = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
        picture = f'<img src="{source}" alt="{escape(photo.alt) or "Thumbnail of " + name}">'
    return f"<figure>{picture}<figcaption><b>{name}</b><br>{escape(reason)}</figcaption></figure>"
