"""Filters that remove gray, faint, vibrant and too detailed photos from training data.

Paper 002 removes gray photos, faint ones, vibrant ones with artificial colours and those with too
many details. It states neither how it measures that nor the limits. The measures and limits here
are ours, in :class:`FilterConfig`: a reproduction can name them, and an experiment can change them.
Gray photos matter most: a network that is shown gray as the truth learns to predict gray.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from colorlib.color import rgb_to_lab
from colorlib.data.image_folder import PhotoFile
from colorlib.io.errors import without_error_number
from colorlib.io.files import atomic_write
from colorlib.io.images import ImageError
from colorlib.io.threads import available_cores
from colorlib.metrics import colorfulness

Rejected = tuple[PhotoFile, str]  # a photo and the reason
_ANALYSIS_SIZE = 128  # photos are measured at this size, stretched, so that theirs does not matter


@dataclass(frozen=True)
class FilterConfig:
    """The limits of the filters.

    Faint and vibrant use the words that Hasler and Süsstrunk (2003) found for their colourfulness:
    15 is "slightly colourful" and 109 "extremely colourful". ``min_hue_spread`` and ``max_detail``
    are at the edge of ordinary photos: colour photos are seldom below the first, a few in a hundred
    are above the second.

    Attributes:
        min_hue_spread: the smallest spread of (a, b) across their main direction, a standard
            deviation in Lab units; below it a photo is grayscale, or toned in a single hue as sepia
            is.
        min_colorfulness: the smallest colourfulness.
        max_colorfulness: the largest colourfulness.
        max_detail: the largest mean gradient of L, in Lab units per pixel at 128x128.
    """

    min_hue_spread: float = 0.8
    min_colorfulness: float = 15.0
    max_colorfulness: float = 109.0
    max_detail: float = 14.0

    def rejection_reason(self, image: Image.Image) -> str | None:
        """Return the reason why an image is rejected, or None if it passes.

        Example:
            >>> FilterConfig().rejection_reason(Image.new("RGB", (64, 48), (90, 90, 90)))
            'grayscale: one hue only, spread 0.0 < 0.8'
        """
        measured = measure_photo(image)
        spread, colorfulness, detail = measured.values()
        if spread < self.min_hue_spread:
            return f"grayscale: one hue only, spread {spread:.1f} < {self.min_hue_spread:g}"
        if colorfulness < self.min_colorfulness:
            return f"too faint: colourfulness {colorfulness:.0f} < {self.min_colorfulness:g}"
        if colorfulness > self.max_colorfulness:
            return f"too vibrant: colourfulness {colorfulness:.0f} > {self.max_colorfulness:g}"
        if detail > self.max_detail:
            return f"too detailed: gradient of L {detail:.1f} > {self.max_detail:g}"
        return None


def measure_photo(image: Image.Image) -> dict[str, float]:
    """Measure what :class:`FilterConfig` limits: ``spread``, ``colorfulness`` and ``detail``.

    Example:
        >>> measure_photo(Image.new("RGB", (64, 48), (90, 90, 90)))["detail"]
        0.0
    """
    size = (_ANALYSIS_SIZE, _ANALYSIS_SIZE)
    small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    rgb = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    L, ab = rgb_to_lab(rgb)[0].split([1, 2])
    min_variance = torch.linalg.eigvalsh(torch.cov(ab.flatten(1)))[0]
    gradient = torch.hypot(L.diff(dim=1)[:, :, 1:], L.diff(dim=2)[:, 1:])
    return {
        "spread": min_variance.clamp(min=0).sqrt().item(),
        "colorfulness": colorfulness(rgb).item(),
        "detail": gradient.mean().item(),
    }


def filter_photos(
    photos: Iterable[PhotoFile],
    config: FilterConfig = FilterConfig(),
    *,
    num_workers: int | None = None,
) -> tuple[list[PhotoFile], list[Rejected]]:
    """Divide photos into those that pass and those that are rejected, each with its reason.

    Args:
        photos: the photos; one that cannot be read is rejected, with the error as its reason.
        config: the limits.
        num_workers: the number of threads; by default as many as processors, up to 8.

    Returns:
        The accepted photos, and pairs of a rejected photo and its reason, both in the order given.

    Example:
        >>> from colorlib.data import sample_photos
        >>> accepted, rejected = filter_photos(sample_photos("all"))
        >>> len(accepted), rejected
        (6, [])
    """
    photos = list(photos)

    def find_reason(photo: PhotoFile) -> str | None:
        try:
            return config.rejection_reason(photo.image())
        except (ImageError, OSError) as error:
            return f"unreadable: {without_error_number(str(error))}"

    num_workers = num_workers or min(8, available_cores())
    accepted, rejected = [], []
    with ThreadPoolExecutor(num_workers) as pool:  # decoding and resizing release the lock
        reasons = pool.map(find_reason, photos)
        bar = tqdm(reasons, desc="Filtering", total=len(photos), unit="photo")
        for photo, reason in zip(photos, bar, strict=True):
            if reason is None:
                accepted.append(photo)
            else:
                rejected.append((photo, reason))
    return accepted, rejected


def write_rejection_report(rejected: Iterable[Rejected], path: str | Path) -> Path:
    """Write a web page that shows the rejected photos and the reasons, in one file.

    Args:
        rejected: pairs of a photo and its reason, from :func:`filter_photos`.
        path: the file; an existing one is replaced.

    Returns:
        The path.

    Raises:
        OSError: no such folder, no permission, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = write_rejection_report([], Path(folder, "report.html"))
        ...     "No photo was rejected" in page.read_text()
        True
    """
    rejected = list(rejected)
    counts = Counter(reason.partition(":")[0] for _, reason in rejected)
    figures = [(photo, reason, _thumbnail_base64(photo)) for photo, reason in rejected]
    source = Path(__file__).with_name("rejection_report.html.j2").read_text("utf-8")
    template = jinja2.Template(source, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = template.render(counts=counts.most_common(), figures=figures)
    with atomic_write(path, overwrite=True) as file:
        file.write(page.encode("utf-8", errors="replace"))
    return Path(path)


def _thumbnail_base64(photo: PhotoFile) -> str | None:
    """Return a small JPEG of a photo in base64, or None if it cannot be read."""
    try:
        image = photo.image()
    except (ImageError, OSError):
        return None
    image.thumbnail((160, 160))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return base64.b64encode(file.getvalue()).decode()
