"""Image files of a folder, each decoded only when it is asked for."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from colorlib.io.formats import (
    has_photo_suffix,
    is_unsupported_photo,
    why_not_a_photo,
)
from colorlib.io.images import image_to_tensor, load_image
from colorlib.io.paths import expand_home

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("colorlib")


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


def list_images(path: str | Path, *, recursive: bool = True) -> list[PhotoFile]:
    """List the image files of a folder, sorted by path.

    A file is a photo if its suffix is that of one, in upper or lower case, or if it begins like
    one, whatever its name is. Only files with other suffixes are opened for that. Hidden files and
    folders are skipped. A photo that cannot be read raises an error that names it when it is
    loaded. The logger ``"colorlib"`` reports how many photos of formats that cannot be read, such
    as HEIC and camera raw, were skipped.

    Args:
        path: the folder.
        recursive: whether to search the folders inside it.

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
    root = expand_home(path)
    images, others = sort_files(root, recursive=recursive)
    unreadable = {name for name, file in images.items() if not _may_be_readable(file)}
    if unreadable:
        count = f"{len(unreadable)} HEIC, camera raw or other unreadable files were left out"
        log.warning("%s: %s, such as %s", root, count, min(unreadable))
    readable = {name: file for name, file in images.items() if name not in unreadable}
    if not readable:
        raise no_photo_error(root, others)
    if others:
        message = "%s: %d other files were left out, such as %s"
        log.info(message, root, len(others), next(iter(others)))
    return [PhotoFile(name, file, title=file.stem) for name, file in readable.items()]


def sort_files(
    root: Path, *, recursive: bool = True, exclude: Path | None = None
) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the photos of a folder, and why each other file is not a photo.

    Args:
        root: the folder.
        recursive: whether to search the folders inside it.
        exclude: the resolved path of a folder inside it that is not searched.

    Returns:
        Photos, with those that cannot be read, broken links and closed folders: name -> path; other
        files, and links to folders: name -> reason. Both are sorted by name. Hidden files and
        folders are in neither.

    Raises:
        FileNotFoundError: the folder does not exist.
        NotADirectoryError: the path is a file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as path:
        ...     Image.new("RGB", (4, 3)).save(Path(path, "lawn"), "PNG")
        ...     _ = Path(path, "notes.txt").write_text("no photo")
        ...     photos, others = sort_files(Path(path))
        >>> list(photos), others
        (['lawn'], {'notes.txt': "not an image (it starts with b'no photo')"})
    """
    if not root.exists():
        found = f"{root} was not found (the current folder is {Path.cwd()})"
        raise FileNotFoundError(f"{found}; check the name.")
    if not root.is_dir():
        found = f"{root} is a file, expected a folder"
        raise NotADirectoryError(f"{found}; pass its folder, or read it directly.")
    photos, others, errors = {}, {}, []
    for folder, subfolders, names in os.walk(root, onerror=errors.append):
        subfolders[:] = [name for name in subfolders if recursive and not name.startswith(".")]
        if exclude is not None:
            subfolders[:] = [name for name in subfolders if Path(folder, name).resolve() != exclude]
        for name in subfolders:
            if os.path.islink(os.path.join(folder, name)):
                short_name = Path(folder, name).relative_to(root).as_posix()
                others[short_name] = "a link to a folder, which is not followed: name that folder"
        for name in names:
            if name.startswith("."):
                continue
            short_name = Path(folder, name).relative_to(root).as_posix()
            file = expand_home(os.path.join(folder, name))
            reason = _why_not_a_photo(file)
            if reason is None:
                photos[short_name] = file
            else:
                others[short_name] = reason
    for error in errors:
        found = f"{error.filename} cannot be listed ({error.strerror})"
        log.warning("%s; its photos were left out", found)
        folder = Path(error.filename)
        photos[folder.relative_to(root).as_posix()] = folder
    return dict(sorted(photos.items())), dict(sorted(others.items()))


def no_photo_error(root: Path, others: dict[str, str]) -> FileNotFoundError:
    """Return the error for a folder in which no file is a photo.

    Example:
        >>> print(no_photo_error(Path("album"), {"notes.txt": "empty (0 bytes)"}))
        album holds no photo (notes.txt: empty (0 bytes)); put photos there first.
    """
    found = [f"{name}: {reason}" for name, reason in list(others.items())[:3]]
    if len(others) > 3:
        found.append(f"and {len(others) - 3} more files")
    details = f" ({', '.join(found)})" if found else ""
    return FileNotFoundError(f"{root} holds no photo{details}; put photos there first.")


def _why_not_a_photo(file: Path) -> str | None:
    if file.is_file():
        return why_not_a_photo(file)
    if file.is_symlink() and not file.exists():  # who reads it names the target
        return None if has_photo_suffix(file) else "a link that leads to no file"
    return "neither a file nor a folder"


def _may_be_readable(file: Path) -> bool:
    """Return whether a photo is not known to be of an unreadable format, or gone."""
    return file.is_file() and not is_unsupported_photo(file)
