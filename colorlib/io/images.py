"""Reading and writing of photos, and conversion between images and tensors.

:mod:`colorlib.io.decode` finds out what a file is, :mod:`colorlib.io.color_modes` converts all
kinds of pixels to 8-bit sRGB, :mod:`colorlib.io.files` makes writing safe. torch is imported only
where a tensor is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
from colorlib.io.paths import expand_home

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "MAX_PIXELS",
    "WRITABLE_SUFFIXES",
    "ImageError",
    "ImageSource",
    "display_name",
    "image_to_tensor",
    "load_image",
    "resize_square",
    "save_image",
    "tensor_to_image",
]

_JPEG: dict[str, Any] = {
    "format": "JPEG",
    "quality": 95,
    "subsampling": 0,
}  # full-resolution colour
_ENCODER_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    # Lossy WebP always halves the resolution of colour; exact keeps the colours of transparent
    # pixels.
    ".webp": {"format": "WEBP", "lossless": True, "exact": True},
}
WRITABLE_SUFFIXES = tuple(_ENCODER_OPTIONS)


def load_image(
    source: ImageSource, *, max_pixels: int | None = MAX_PIXELS, keep_alpha: bool = False
) -> Image.Image:
    """Load any photo as an upright RGB image in sRGB; of an animation, the first frame.

    Args:
        source: A path, bytes, a binary file (left open) or a Pillow image (not changed; its current
            frame).
        max_pixels: Larger images are refused before they are decoded; ``None`` for no limit but
            Pillow's own. Loading takes 8 to 12 bytes a pixel.
        keep_alpha: Whether to keep transparency. Without it, transparent parts are composited on
            white.

    Returns:
        A new image without metadata in mode RGB; with ``keep_alpha``, in mode RGBA if a part of it
        is transparent. :func:`colorlib.io.color_modes.to_srgb` lists the conversions.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: If it is a folder, not readable, empty, not an image, truncated, too large for
            ``max_pixels`` or the memory, HEIC or camera raw.
        TypeError: If ``source`` is something else.

    Example:
        >>> load_image(Image.new("CMYK", (4, 3))).getpixel((0, 0))
        (255, 255, 255)
    """
    return _convert(decode(source, max_pixels), display_name(source), keep_alpha)


def save_image(
    image: Image.Image | Tensor, path: str | Path, *, overwrite: bool = False, exif: bytes = b""
) -> Path:
    """Save an image atomically, as 8-bit RGB, with alpha if a part of it is transparent.

    Args:
        image: A Pillow image of any mode, or a tensor as in :func:`tensor_to_image`. JPEG has no
            alpha: transparent parts are composited on white, with a warning on the logger
            ``"colorlib"``.
        path: Ends in .png, .webp (both lossless), .jpg or .jpeg (quality 95, full-resolution
            colour).
        overwrite: Whether an existing file may be replaced.
        exif: EXIF data for the file; no other metadata is written.

    Returns:
        The path that was written.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is false.
        ImageError: If the suffix is another one, the folder is missing, or the system refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_image(Image.new("RGB", (2, 2)), Path(folder) / "black.png").name
        'black.png'
    """
    path = expand_home(path)
    options = _ENCODER_OPTIONS.get(path.suffix.lower())
    if options is None:
        expected = ", ".join(WRITABLE_SUFFIXES)
        raise ImageError(
            f"{path} ends in {path.suffix!r}, expected {expected}; choose one of these."
        )
    if not path.parent.is_dir():
        found = f"{path} cannot be written: there is no folder {path.parent}"
        raise ImageError(f"{found}; make the folder first.")
    if isinstance(image, Image.Image):
        pixels = decode(image, max_pixels=None)
        image = _convert(pixels, display_name(image), keep_alpha=options["format"] != "JPEG")
    else:
        image = tensor_to_image(image)
    try:
        with atomic_write(path, overwrite=overwrite) as file:
            image.save(file, exif=exif, **options)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        advice = "check its folder and the free space"
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be written ({reason}); {advice}.") from error
    return path


def image_to_tensor(source: ImageSource, size: int | None = None) -> Tensor:
    """Load an image as a batch of one.

    Args:
        source: As in :func:`load_image`, with the same errors.
        size: ``None`` keeps the size; a number resizes the largest centred square to (size, size),
            see :func:`resize_square`.

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


def tensor_to_image(rgb: Tensor) -> Image.Image:
    """Convert a tensor to an image, rounded to 8 bits: the inverse of :func:`image_to_tensor`.

    Args:
        rgb: (1, 3, h, w) or (3, h, w); floating point in [0, 1] (up to 0.01 beyond is clipped) or
            uint8.

    Returns:
        An image in mode RGB.

    Raises:
        TypeError: If ``rgb`` is not a tensor or has another dtype.
        ValueError: If it has another shape, a value further out, or NaN.

    Example:
        >>> import torch
        >>> tensor_to_image(torch.full((1, 3, 2, 4), 0.5)).getpixel((0, 0))
        (128, 128, 128)
    """
    import torch

    if not isinstance(rgb, torch.Tensor):
        expected = "expected a tensor (1, 3, h, w); see image_to_tensor"
        raise TypeError(f"{type(rgb).__name__} was found, {expected}.")
    chw = rgb.detach()
    if chw.ndim == 4 and len(chw) == 1:
        chw = chw[0]
    if chw.ndim != 3 or len(chw) != 3 or chw.numel() == 0:
        expected = "expected (1, 3, h, w) or (3, h, w); pass one, as rgb[:1]"
        raise ValueError(f"Shape {tuple(rgb.shape)} was found, {expected}.")
    if chw.is_floating_point():
        low, high = chw.min().item(), chw.max().item()
        if not (low >= -0.01 and high <= 1.01):  # also true for NaN
            expected = "expected 0 to 1; scale them first"
            raise ValueError(f"Values {low:.3g} to {high:.3g} were found, {expected}.")
        chw = chw.float().clamp(0, 1).mul(255).round().to(torch.uint8)
    if chw.dtype != torch.uint8:
        expected = "expected floating point or uint8; convert it first"
        raise TypeError(f"{chw.dtype} was found, {expected}.")
    return Image.fromarray(chw.permute(1, 2, 0).contiguous().cpu().numpy())


def resize_square(
    image: Image.Image, size: int, resize_mode: Literal["center_crop", "stretch"] = "center_crop"
) -> Image.Image:
    """Resize an image to (size, size) with Lanczos, in two steps if it is much larger.

    Args:
        image: In any mode that Pillow can resize.
        size: The side of the result.
        resize_mode: ``"center_crop"`` takes the largest centred square, ``"stretch"`` the whole
            image.

    Example:
        >>> resize_square(Image.new("RGB", (30, 20)), 8).size
        (8, 8)
    """
    box = None
    if resize_mode == "center_crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _convert(image: Image.Image, name: str, keep_alpha: bool) -> Image.Image:
    """Convert a decoded image to sRGB; raise ImageError where this is not possible."""
    try:
        return to_srgb(image, name, keep_alpha=keep_alpha)
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except ValueError as error:
        raise ImageError(f"{name} cannot be converted: {error}.") from error
