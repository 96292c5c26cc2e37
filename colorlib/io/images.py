"""One reader and one writer for any photo a person has, and the way between pictures and tensors.

:mod:`colorlib.io.decode` finds out what a file is, :mod:`colorlib.io.color_modes` turns every kind of pixel into 8-bit
sRGB, :mod:`colorlib.io.files` makes writing safe. torch is loaded only where a tensor is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from colorlib.io.color_modes import to_srgb
from colorlib.io.decode import (
    MAX_PIXELS,
    OUT_OF_MEMORY_HINT,
    ImageError,
    ImageSource,
    decode,
    display_name,
)
from colorlib.io.files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "MAX_PIXELS",
    "WRITABLE",
    "ImageError",
    "Source",
    "read",
    "tensor_to_image",
    "image_to_tensor",
    "write",
]

_SAVE = {
    ".png": {"format": "PNG"},
    ".jpg": {
        "format": "JPEG",
        "quality": 95,
        "subsampling": 0,
    },  # 0 keeps colour at full resolution (4:4:4)
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    # Lossy WebP always halves the resolution of colour; exact keeps the colours under transparent pixels.
    ".webp": {"format": "WEBP", "lossless": True, "exact": True},
}
WRITABLE_SUFFIXES = tuple(_SAVE)


def load_image(
    source: ImageSource, *, max_pixels: int | None = MAX_PIXELS, keep_alpha: bool = False
) -> Image.Image:
    """Read any photo as an upright RGB picture in sRGB; of an animation, the first frame.

    Args:
        source: path, bytes, binary file (left open) or Pillow image (left as it is; its current frame).
        max_pixels: more pixels than this are refused before they are decoded; ``None`` for no limit but
            Pillow's own. Reading takes 8 to 12 bytes a pixel.
        keep_alpha: without it, transparent parts are laid over white.

    Returns:
        A new picture without metadata, in mode RGB; with ``keep_alpha``, in mode RGBA if a part of it is
        transparent. :func:`colorlib.io.color_modes.to_srgb` lists the conversions.

    Raises:
        FileNotFoundError: there is no such file.
        ImageError: a folder, no permission, empty, not an image, cut off, too large for ``max_pixels`` or for
            the memory, HEIC or camera raw.
        TypeError: ``source`` is something else.

    Example:
        >>> load_image(Image.new("CMYK", (4, 3))).getpixel((0, 0))
        (255, 255, 255)
    """
    name = display_name(source)
    image = decode(source, max_pixels)
    try:
        return to_srgb(image, name, keep_alpha=keep_alpha)
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except ValueError as error:
        raise ImageError(f"{name} cannot be converted: {error}.") from error


def image_to_tensor(source: ImageSource, size: int | None = None) -> Tensor:
    """Read a picture as a batch of one.

    Args:
        source: whatever :func:`read` takes, with the same errors.
        size: ``None`` keeps the size; a number cuts the largest centred square and resizes it to
            (size, size) with Lanczos, in two steps where the square is more than three times larger.

    Returns:
        float32, (1, 3, h, w), in [0, 1].

    Example:
        >>> image_to_tensor(Image.new("RGB", (30, 20)), size=8).shape
        torch.Size([1, 3, 8, 8])
    """
    import torch

    from colorlib.tensor_checks import check_at_least

    image = load_image(source)
    if size is not None:
        check_at_least("size", size, 1)
        image = resize_square(image, size)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].contiguous().float().div_(255)


def resize_square(
    image: Image.Image, size: int, fit: Literal["crop", "stretch"] = "crop"
) -> Image.Image:
    """Resize a picture to (size, size) by Lanczos: its largest centred square, or all of it, stretched.

    Example:
        >>> resize_square(Image.new("RGB", (30, 20)), 8).size
        (8, 8)
    """
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side) if fit == "crop" else None
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def tensor_to_image(rgb: Tensor) -> Image.Image:
    """Turn a tensor into a picture, rounded to 8 bits: the inverse of :func:`image_to_tensor`.

    Args:
        rgb: (1, 3, h, w) or (3, h, w); floating point in [0, 1] (up to 0.01 beyond is clipped) or uint8.

    Returns:
        A picture in mode RGB.

    Raises:
        TypeError: no tensor, or of another dtype.
        ValueError: another shape, a value further out, or NaN.

    Example:
        >>> import torch
        >>> tensor_to_image(torch.full((1, 3, 2, 4), 0.5)).getpixel((0, 0))
        (128, 128, 128)
    """
    import torch

    if not isinstance(rgb, torch.Tensor):
        raise TypeError(
            f"{type(rgb).__name__} was found, expected a tensor (1, 3, h, w); see image_to_tensor."
        )
    chw = rgb.detach()
    chw = chw[0] if chw.ndim == 4 and len(chw) == 1 else chw
    if chw.ndim != 3 or len(chw) != 3 or chw.numel() == 0:
        found = tuple(rgb.shape)
        raise ValueError(
            f"Shape {found} was found, expected (1, 3, h, w) or (3, h, w); pass one, as rgb[:1]."
        )
    if chw.is_floating_point():
        low, high = chw.min().item(), chw.max().item()
        if not (low >= -0.01 and high <= 1.01):  # NaN fails both
            raise ValueError(
                f"Values {low:.3g} to {high:.3g} were found, expected 0 to 1; scale them first."
            )
        chw = chw.float().clamp(0, 1).mul(255).round().to(torch.uint8)
    if chw.dtype != torch.uint8:
        raise TypeError(
            f"{chw.dtype} was found, expected floating point or uint8; convert it first."
        )
    return Image.fromarray(chw.permute(1, 2, 0).contiguous().cpu().numpy())


def save_image(
    image: Image.Image | Tensor, path: str | Path, *, overwrite: bool = False, exif: bytes = b""
) -> Path:
    """Write a picture, whole or not at all.

    Args:
        image: a Pillow image of any mode or a tensor as in :func:`tensor_to_image`; written as 8-bit RGB, with
            alpha if a part of it is transparent. JPEG has no alpha: there such parts are laid over white,
            with a warning on the logger ``"colorlib"``.
        path: ends in .png, .webp (both exact), .jpg or .jpeg (quality 95, colour at full resolution).
        overwrite: whether an existing file may be replaced.
        exif: what is to stand in the file beside the picture; no other metadata is written.

    Returns:
        The path that was written.

    Raises:
        FileExistsError: the file exists and ``overwrite`` is false.
        ImageError: another suffix, a missing folder, or the system refused.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_image(Image.new("RGB", (2, 2)), Path(folder) / "black.png").name
        'black.png'
    """
    path = Path(path).expanduser()
    options = _SAVE.get(path.suffix.lower())
    if options is None:
        raise ImageError(
            f"{path} ends in {path.suffix!r}, expected {', '.join(_SAVE)}; choose one of these."
        )
    if not path.parent.is_dir():
        raise ImageError(
            f"{path} cannot be written: there is no folder {path.parent}; make the folder first."
        )
    if isinstance(image, Image.Image):
        picture = load_image(image, max_pixels=None, keep_alpha=options["format"] != "JPEG")
    else:
        picture = tensor_to_image(image)
    try:
        with atomic_write(path, overwrite=overwrite) as file:
            picture.save(file, exif=exif, **options)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{path} cannot be written ({error}); check its folder and the free space."
        ) from error
    return path
