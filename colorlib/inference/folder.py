"""Colorization of many photos: a folder in, a folder with the same names out, and a report.

A run can be stopped at any moment and started again: results that exist are complete, and are
    skipped.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from colorlib.colorizer import Colorizer
from colorlib.data.image_folder import no_photo_error, sort_files
from colorlib.inference.paths import unique_output_paths
from colorlib.io.decode import open_photo
from colorlib.io.errors import without_error_number
from colorlib.io.exif import exif_for_result
from colorlib.io.images import ImageError, save_image
from colorlib.io.paths import check_no_photo_is_replaced, expand_home

_logger = logging.getLogger("colorlib")
ALREADY_EXISTS = "exists already"
_FATAL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the next photo would fail as well


@dataclass(frozen=True)
class FolderReport:
    """The outcome for each file.

    Attributes:
        written: The results, in the photos' order.
        skipped: Photo -> reason, for photos without a new result. A photo is named relative to its
            folder, or as it was listed.
        left_out: File -> reason, for other files of the folder.
        renamed: Photo -> the name of its result, for photos of formats that are not written.

    Example:
        >>> skipped = {"b.png": "exists already", "c.jpg": "it is empty"}
        >>> left_out = {"notes.txt": "not an image"}
        >>> print(FolderReport([Path("a.png")], skipped, left_out, {"a.tif": "a.png"}))
        coloured: 1, there already: 1, failed: 1, left out: 1
          c.jpg: it is empty
          left out: notes.txt: not an image
          1 in another format, which we can write: a.tif as a.png
    """

    written: list[Path]
    skipped: dict[str, str]
    left_out: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, str]:
        """The photos that were skipped for another reason than that their result exists."""
        return {name: reason for name, reason in self.skipped.items() if reason != ALREADY_EXISTS}

    def __str__(self) -> str:
        """Return the counts, and each file that failed or was left out with its reason."""
        failed = self.failed
        existing = len(self.skipped) - len(failed)
        line = f"coloured: {len(self.written)}, there already: {existing}, failed: {len(failed)}"
        if self.left_out:
            line += f", left out: {len(self.left_out)}"
        lines = [line]
        lines += [f"{name}: {reason}" for name, reason in failed.items()]
        lines += [f"left out: {name}: {reason}" for name, reason in self.left_out.items()]
        if self.renamed:
            name, result = next(iter(self.renamed.items()))
            dots = ", ..." if len(self.renamed) > 1 else ""
            count = f"{len(self.renamed)} in another format, which we can write"
            lines.append(f"{count}: {name} as {result}{dots}")
        return "\n  ".join(lines)


def colorize_folder(
    model: Colorizer,
    source: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    saturation: float = 1.0,
    overwrite: bool = False,
    progress: bool = True,
) -> FolderReport:
    """Colorize every photo of a folder, or of a list of files, into another folder.

    Sub-folders, names and formats stay; :func:`colorlib.inference.paths.unique_output_paths`
    describes what happens to a format that cannot be written. Files are photos by their content, or
    by the suffix of a photo; all others are named in the report. A result keeps its photo's EXIF
    data, with a note that a model chose the colours (:func:`colorlib.io.exif.exif_for_result`). A
    photo that cannot be colorized (damaged, HEIC, camera raw, too large for the memory) is skipped
    with its reason.

    Args:
        model: The colorizer.
        source: A folder, searched with its sub-folders; or one file; or files, whose results are
            written directly into ``out``.
        out: The folder of results, created if it does not exist. If it is inside ``source``, its
            images are not colorized.
        saturation: As in :class:`Colorizer`.
        overwrite: Whether existing results are replaced. Without it, their photos are skipped, so
            that an interrupted run continues where it stopped.
        progress: Whether to show a progress bar.

    Returns:
        What was written and what was not.

    Raises:
        FileNotFoundError: If there is no such folder, or no photo in it.
        NotADirectoryError: If ``out`` is a file.
        ImageError, OSError: If the disk of ``out`` is full or read-only.
        ValueError: If ``out`` is the folder of the photos, or ``saturation`` is not in 0 to 10.

    Example:
        >>> import tempfile
        >>> from colorlib.unet import UNet
        >>> model = Colorizer(UNet(num_downs=3, base_channels=4, dropout=0), image_size=32)
        >>> with tempfile.TemporaryDirectory() as path:
        ...     Image.new("L", (40, 30), 99).save(Path(path, "lawn.tif"))
        ...     report = colorize_folder(model, path, Path(path, "colour"), progress=False)
        >>> [result.name for result in report.written], report.skipped
        (['lawn.png'], {})
    """
    out = expand_home(out)
    if out.exists() and not out.is_dir():
        advice = "name another"
        raise NotADirectoryError(f"{out} is a file, expected a folder for the results; {advice}.")
    photos, names, left_out = _collect_photos(source, out)
    targets = [out / name for name in unique_output_paths(names)]
    check_no_photo_is_replaced(photos.values(), targets)
    out.mkdir(parents=True, exist_ok=True)
    written, skipped, renamed = [], {}, {}
    pairs = list(zip(photos.items(), targets, strict=True))
    for (name, photo), target in tqdm(pairs, desc="Colouring", unit="photo", disable=not progress):
        try:
            if target.exists() and not overwrite:
                skipped[name] = ALREADY_EXISTS
                continue
            result, exif = colorize_with_exif(model, photo, saturation)
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(save_image(result, target, overwrite=overwrite, exif=exif))
            if target.suffix != photo.suffix:
                renamed[name] = target.relative_to(out).as_posix()
        except (ImageError, OSError, MemoryError, RuntimeError) as error:
            if getattr(error.__cause__ or error, "errno", None) in _FATAL_ERRNOS:
                raise
            reason = without_error_number(str(error))
            skipped[name] = reason or "the memory is full; make the photo smaller first"
    report = FolderReport(written, skipped, left_out, renamed)
    if report.failed or report.left_out:
        _logger.warning("%s", report)
    return report


def colorize_with_exif(
    model: Colorizer, photo: str | Path, saturation: float = 1.0
) -> tuple[Image.Image, bytes]:
    """Colorize a photo, and return the result with its EXIF data; the file is opened once.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError, RuntimeError, ValueError: As for :class:`Colorizer`.
    """
    with open_photo(photo) as file:
        result = model(file, saturation)
        return result, exif_for_result(file, result.size)


def _collect_photos(
    source: str | Path | Iterable[str | Path], out: Path
) -> tuple[dict[str, Path], list[str], dict[str, str]]:
    """Return files by their names in the report, names for their results, and other files."""
    if not isinstance(source, str | Path):
        files = {str(path): expand_home(path) for path in source}
        return files, [file.name for file in files.values()], {}
    folder = expand_home(source)
    if folder.is_file():
        return {str(source): folder}, [folder.name], {}
    photos, others = sort_files(folder, exclude=out.resolve())
    if folder.resolve() == out.resolve():
        expected = "expected another one for the results"
        raise ValueError(f"{out} is the folder of the photos, {expected}.")
    if not photos:
        raise no_photo_error(folder, others)
    return photos, list(photos), others
