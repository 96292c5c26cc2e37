"""Your own photos: every image file of a folder, each opened only when asked for."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from colorlib.data.sample_photos import PhotoFile
from colorlib.io.decode import UNSUPPORTED

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


def list_images(
    path: str | Path, *, recursive: bool = True, unreadable: bool = False
) -> list[PhotoFile]:
    """List the image files of a folder, sorted by path; upper-case suffixes count, hidden files do not.

    No file is opened here: one that cannot be read raises when its photo is, naming the file. How many
    files were left out because they are HEIC or camera raw is said on the logger ``"colorlib"``.

    Args:
        path: the folder.
        recursive: whether folders inside it are searched as well.
        unreadable: whether HEIC and camera raw files, links that lead nowhere and folders that may not be
            read are listed as well, for a caller that says of each what became of it; such a photo raises
            when it is read.

    Returns:
        Photos, each named by its path below ``path`` with forward slashes, on every system.

    Raises:
        FileNotFoundError: there is no such folder, or no image in it.
        NotADirectoryError: it is a file.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as path:
        ...     Image.new("RGB", (4, 3)).save(Path(path, "lawn.JPG"))
        ...     [(photo.name, photo.image().size) for photo in list_images(path)]
        [('lawn.JPG', (4, 3))]
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(
            f"{root} was not found (the current folder is {Path.cwd()}); check the name."
        )
    if not root.is_dir():
        raise NotADirectoryError(
            f"{root} is a file, expected a folder; pass its folder, or read it directly."
        )
    found, closed = {}, []
    for here, folders, files in os.walk(root, onerror=closed.append):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        for file in (Path(here, name) for name in files if not name.startswith(".")):
            if file.is_file() or (unreadable and file.is_symlink() and not file.exists()):
                found[file.relative_to(root).as_posix()] = file
    listed = {*SUFFIXES, *(UNSUPPORTED if unreadable else ())}
    left_out = [name for name in found if Path(name).suffix.lower() in UNSUPPORTED.keys() - listed]
    if left_out:
        log.warning(
            "%s: %d HEIC or camera raw files were left out, such as %s",
            root,
            len(left_out),
            left_out[0],
        )
    for error in closed:
        log.warning(
            "%s cannot be listed (%s); its photos were left out", error.filename, error.strerror
        )
        if unreadable:
            found[Path(error.filename).relative_to(root).as_posix()] = Path(error.filename)
    names = sorted(
        name for name, file in found.items() if file.suffix.lower() in listed or file.is_dir()
    )
    if not names:
        raise FileNotFoundError(
            f"{root} holds no file ending in {', '.join(SUFFIXES)}; put photos there first."
        )
    return [PhotoFile(name, found[name], title=found[name].stem) for name in names]
