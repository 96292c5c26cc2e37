"""Image files of a folder, each opened only when it is asked for."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from colorlib.io.decode import UNSUPPORTED
from colorlib.io.images import image_to_tensor, load_image

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("colorlib")

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".jp2",
    ".avif",
    ".ppm",
)


@dataclass(frozen=True)
class PhotoFile:
    """A photo on disk, opened when it is asked for.

    Attributes:
        name: short and unique within its data set.
        path: the file.
        title: the text of a caption.
        alt: one sentence for readers who cannot see the photo.
        credit: the photographer.
        licence: the terms of use.
    """

    name: str
    path: Path
    title: str = ""
    alt: str = ""
    credit: str = ""
    licence: str = ""

    def image(self) -> Image.Image:
        """Load the photo: upright, RGB; errors as in :func:`colorlib.io.images.load_image`."""
        return load_image(self.path)

    def rgb(self, size: int | None = None) -> Tensor:
        """Load the photo as float32 (1, 3, h, w) in [0, 1], square if size is given."""
        return image_to_tensor(self.path, size)


def list_images(
    path: str | Path, *, recursive: bool = True, include_unreadable: bool = False
) -> list[PhotoFile]:
    """List the image files of a folder, sorted by path, without opening them.

    Suffixes in upper case count as well; hidden files and folders are skipped. A file that cannot
    be read raises an error that names it when its photo is loaded. The logger ``"colorlib"``
    reports how many HEIC and camera raw files were skipped.

    Args:
        path: the folder.
        recursive: whether to search the folders inside it.
        include_unreadable: whether to list HEIC and camera raw files, broken links and folders
            without read permission as well, for a caller that reports on each of them; loading such
            a photo raises an error.

    Returns:
        Photos, each named by its path relative to ``path``, with forward slashes on every system.

    Raises:
        FileNotFoundError: the folder does not exist or contains no image.
        NotADirectoryError: the path is a file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as path:
        ...     Image.new("RGB", (4, 3)).save(Path(path, "lawn.JPG"))
        ...     [(photo.name, photo.image().size) for photo in list_images(path)]
        [('lawn.JPG', (4, 3))]
    """
    root = Path(path).expanduser()
    if not root.exists():
        found = f"{root} was not found (the current folder is {Path.cwd()})"
        raise FileNotFoundError(f"{found}; check the name.")
    if not root.is_dir():
        found = f"{root} is a file, expected a folder"
        raise NotADirectoryError(f"{found}; pass its folder, or read it directly.")
    files, errors = _walk(root, recursive, include_unreadable)
    images, unsupported = {}, []
    for name, file in files.items():
        suffix = file.suffix.lower()
        if suffix in SUFFIXES or (include_unreadable and suffix in UNSUPPORTED):
            images[name] = file
        elif suffix in UNSUPPORTED:
            unsupported.append(name)
    if unsupported:
        count = f"{len(unsupported)} HEIC or camera raw files were left out"
        log.warning("%s: %s, such as %s", root, count, unsupported[0])
    for error in errors:
        found = f"{error.filename} cannot be listed ({error.strerror})"
        log.warning("%s; its photos were left out", found)
        if include_unreadable:
            folder = Path(error.filename)
            images[folder.relative_to(root).as_posix()] = folder
    if not images:
        found = f"{root} holds no file ending in {', '.join(SUFFIXES)}"
        raise FileNotFoundError(f"{found}; put photos there first.")
    return [PhotoFile(name, images[name], title=images[name].stem) for name in sorted(images)]


def _walk(
    root: Path, recursive: bool, include_broken_links: bool
) -> tuple[dict[str, Path], list[OSError]]:
    """Return the files below a folder by name, and the errors of folders that are closed."""
    files, errors = {}, []
    for folder, subfolders, names in os.walk(root, onerror=errors.append):
        subfolders[:] = [name for name in subfolders if recursive and not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            is_broken_link = file.is_symlink() and not file.exists()
            is_listed = file.is_file() or (is_broken_link and include_broken_links)
            if is_listed and not name.startswith("."):
                files[file.relative_to(root).as_posix()] = file
    return files, errors
