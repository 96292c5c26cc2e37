"""Many photos at once: a folder in, a folder of the same names out, and a word on each that was not coloured.

A run can stop at any moment and be started again: what is there already is whole, and is not made twice.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from colorlib.colorizer import Colorizer
from colorlib.data import list_images
from colorlib.inference.paths import unique_output_paths
from colorlib.io.exif import exif_for_result
from colorlib.io.images import ImageError, save_image

_logger = logging.getLogger("colorlib")
ALREADY_EXISTS = "exists already"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the next photo would fare no better


@dataclass(frozen=True)
class FolderReport:
    """What became of each photo.

    Attributes:
        written: the results, in the photos' order.
        skipped: why a photo has no new result, by its name: below its folder, or as it was listed.

    Example:
        >>> print(FolderReport([Path("a.png")], {"b.png": "exists already", "c.jpg": "c.jpg is empty (0 bytes)"}))
        coloured: 1, there already: 1, failed: 1
          c.jpg: c.jpg is empty (0 bytes)
    """

    written: list[Path]
    skipped: dict[str, str]

    @property
    def failed(self) -> dict[str, str]:
        """What was skipped for another reason than that its result was there."""
        return {name: reason for name, reason in self.skipped.items() if reason != ALREADY_EXISTS}

    def __str__(self) -> str:
        """Count, and name each photo that failed with its reason."""
        there = len(self.skipped) - len(self.failed)
        head = f"coloured: {len(self.written)}, there already: {there}, failed: {len(self.failed)}"
        return "\n  ".join([head, *(f"{name}: {reason}" for name, reason in self.failed.items())])


def colorize_folder(
    model: Colorizer,
    source: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    saturation: float = 1.0,
    overwrite: bool = False,
    progress: bool = True,
) -> FolderReport:
    """Colour every photo of a folder, or of a list of files, into another folder.

    Sub-folders, names and formats stay; :func:`colorlib.inference.paths.unique_output_paths` says what a format
    that cannot be written becomes. A result keeps its photo's EXIF, and says that a model coloured it
    (:func:`colorlib.io.exif.exif_for_result`). A photo that cannot be coloured (damaged, HEIC, camera raw,
    too large for the memory) is left out with its reason, and the next one is done.

    Args:
        model: what colours.
        source: a folder, searched with its sub-folders; or one file; or files, whose results lie side by
            side in ``out``.
        out: the folder of results, made if it is missing. If it lies inside ``source``, what is in it is no
            photo to colour.
        saturation: as in :class:`Colorizer`.
        overwrite: whether results that are there are made anew; without it their photos are skipped, so that
            a run that was interrupted goes on where it was.
        progress: whether to show a bar.

    Returns:
        What was written and what was not.

    Raises:
        FileNotFoundError: there is no such folder, or no photo in it.
        NotADirectoryError: ``out`` is a file.
        ImageError, OSError: ``out`` is full, or cannot be written.
        ValueError: ``out`` is the folder of the photos, or ``saturation`` is not in 0 to 10.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from colorlib import generators
        >>> model = Colorizer(generators.UNet(num_downs=3, base_channels=4, dropout=0), image_size=32)
        >>> with tempfile.TemporaryDirectory() as path:
        ...     Image.new("L", (40, 30), 99).save(Path(path, "lawn.tif"))
        ...     report = colorize_folder(model, path, Path(path, "colour"), progress=False)
        >>> [result.name for result in report.written], report.skipped
        (['lawn.png'], {})
    """
    out = Path(out).expanduser()
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(
            f"{out} is a file, expected a folder for the results; name another."
        )
    photos, names = _photos(source, out)
    targets = [out / name for name in unique_output_paths(names)]
    _refuse_to_replace(photos.values(), targets)
    out.mkdir(parents=True, exist_ok=True)
    written, skipped = [], {}
    pairs = list(zip(photos.items(), targets, strict=True))
    for (name, photo), target in tqdm(pairs, desc="Colouring", unit="photo", disable=not progress):
        try:
            if target.exists() and not overwrite:
                skipped[name] = ALREADY_EXISTS
                continue
            result = model(photo, saturation)
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(
                save_image(
                    result, target, overwrite=overwrite, exif=exif_for_result(photo, result.size)
                )
            )
        except (ImageError, OSError, MemoryError, RuntimeError) as error:
            if getattr(error.__cause__ or error, "errno", None) in _NO_ROOM:
                raise
            skipped[name] = str(error) or "the memory is full; make the photo smaller first"
    report = FolderReport(written, skipped)
    if report.failed:
        _logger.warning("%s", report)
    return report


def _photos(
    source: str | Path | Iterable[str | Path], out: Path
) -> tuple[dict[str, Path], list[str]]:
    """List the files by what the report calls them, and the names that their results are made of."""
    if not isinstance(source, str | Path):
        files = {str(path): Path(path).expanduser() for path in source}
        return files, [file.name for file in files.values()]
    root = Path(source).expanduser()
    if root.is_file():
        return {str(source): root}, [root.name]
    photos = {photo.name: photo.path for photo in list_images(root, unreadable=True)}
    here, there = root.resolve(), out.resolve()
    if here == there:
        raise ValueError(
            f"{out} is the folder of the photos, expected another one for the results."
        )
    if there.is_relative_to(here):
        results = f"{there.relative_to(here).as_posix()}/"
        photos = {name: path for name, path in photos.items() if not name.startswith(results)}
    return photos, list(photos)


def _refuse_to_replace(photos: Iterable[Path], targets: Iterable[Path]) -> None:
    """Raise ValueError if a result would have the path of a photo."""
    for path in set(map(os.path.realpath, photos)) & set(map(os.path.realpath, targets)):
        raise ValueError(
            f"{path} is a photo and would be its own result; choose another folder for results."
        )
