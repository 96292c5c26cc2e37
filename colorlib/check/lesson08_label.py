"""Exercise 8.6: a JPEG whose EXIF data says that its colours are a model's."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from colorlib.check.graders import Case, KnownMistake

_DESCRIPTION, _ARTIST, _SOFTWARE, _USER_COMMENT = 0x010E, 0x013B, 0x0131, 0x9286


def label(image: Image.Image, file: Any, words: str) -> None:
    """Save an image as JPEG with words as its description; keep its other EXIF tags."""
    _save(image, file, words)


def _save(
    image: Image.Image,
    file: Any,
    words: str,
    *,
    tag: int = _DESCRIPTION,
    new: bool = False,
    pass_exif: bool = True,
    **options: Any,
) -> None:
    exif = Image.Exif() if new else image.getexif()
    exif[tag] = words
    image.save(file, **({"format": "JPEG"} | ({"exif": exif} if pass_exif else {}) | options))


def _mutant(**changes: Any) -> Callable:
    return lambda image, file, words: _save(image, file, words, **changes)


def _comment(image: Image.Image, file: Any, words: str, **options: Any) -> None:
    image.save(file, "JPEG", comment=words, **options)


def _create_image(kind: str, size: tuple[int, int]) -> Image.Image:
    """Return a gray image: "with a photographer", "without EXIF", or "opened" from a file."""
    image = Image.new("RGB", size, "gray")
    if kind == "without EXIF":
        return image
    image.getexif()[_ARTIST] = "a photographer"
    if kind != "opened":
        return image
    image.save(file := io.BytesIO(), "JPEG", exif=image.getexif())
    return Image.open(file)


def run_label(label: Callable, kind: str, size: tuple[int, int], words: str) -> dict[str, str]:
    """Label an image, once into an open file and once under a path; return what is in the file."""
    file = io.BytesIO()
    label(_create_image(kind, size), file, words)
    if not file.getvalue():
        return {"the file": "is empty"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labelled.jpg")
        label(_create_image(kind, size), path, words)
        same = path.exists() and path.read_bytes() == file.getvalue()
    with Image.open(file) as saved:
        exif = saved.getexif()
        unchanged = saved.convert("RGB").getpixel((0, 0)) == (128, 128, 128)
        known = (_DESCRIPTION, _ARTIST)
        others = [f"0x{tag:04X}: {value}" for tag, value in exif.items() if tag not in known]
        return {
            "the file": f"{saved.format}, {saved.width} x {saved.height}",
            "tag 0x010E, the description": exif.get(_DESCRIPTION, "nothing"),
            "tag 0x013B, the artist": exif.get(_ARTIST, "nothing"),
            "other tags": ", ".join(others) or "none",
            "the JPEG's own comment": saved.info.get("comment", b"none").decode(),
            "the pixels": "unchanged" if unchanged else "changed",
            "under a path": "the same file" if same else "no such file",
        }


CASES = [
    Case("a gray square with a photographer",
         ("with a photographer", (16, 16), "colorized by a model")),
    Case("a wider image without EXIF, other words",
         ("without EXIF", (32, 16), "colours guessed by lesson 8")),
    Case("a photo that was opened from a file",
         ("opened", (16, 16), "colorized by a model")),
]  # fmt: skip
_FORMAT = "an open file has no suffix that names a format: use save(file, 'JPEG', ...)."
ERRORS = {
    "unknown file extension": _FORMAT,
    "not supported between instances": "the keys of EXIF data are numbers: the description is "
    "0x010E, without quotation marks.",
    "bytes-like object is required": "exif must be an Exif object: begin with image.getexif(), and "
    "add the description to it.",
}
_NOT_IN_EXIF = (
    "a comment of the JPEG is not its description: programs look for EXIF tag 0x010E. Set "
    "exif[0x010E], and pass exif to save."
)
MISTAKES = [
    KnownMistake("nothing is saved: image.save(file, 'JPEG', exif=exif).",
                 lambda image, file, words: None),
    KnownMistake("the description is only in the image in memory: pass exif to save as well.",
                 _mutant(pass_exif=False)),
    KnownMistake("the description is not in exif: exif[0x010E] = words, before you save.",
                 lambda image, file, words: image.save(file, "JPEG", exif=image.getexif())),
    KnownMistake("a new Exif() loses the photographer: begin with image.getexif().",
                 _mutant(new=True)),
    KnownMistake("0x0131 is the tag of the software; the description's tag is 0x010E.",
                 _mutant(tag=_SOFTWARE)),
    KnownMistake("0x9286 is the tag of the user's comment; the description's tag is 0x010E.",
                 _mutant(tag=_USER_COMMENT)),
    KnownMistake("0x8298 is the tag of the copyright; the description's tag is 0x010E.",
                 _mutant(tag=0x8298)),
    KnownMistake("10 is a decimal; 0x010E is 270, in hexadecimal.", _mutant(tag=10)),
    KnownMistake("this overwrites the artist, who took the photo; the description's tag is 0x010E.",
                 _mutant(tag=_ARTIST)),
    KnownMistake(_NOT_IN_EXIF, _comment),
    KnownMistake(_NOT_IN_EXIF, lambda image, file, words: _comment(
        image, file, words, exif=image.getexif())),
    KnownMistake("a PNG loses the description in many programs: save as JPEG.",
                 _mutant(format="PNG")),
    KnownMistake("your words are a constant: write those that the caller passes.",
                 lambda image, file, words: _save(image, file, "colorized by a model")),
]  # fmt: skip
