"""From a photo's file to a small square of bytes, as fast as the installed libraries can.

Most photos are plain JPEGs. libjpeg reads such a file right without further questions, and torchvision hands
its pixels over without a copy in between. Whatever is less plain (turned, with a colour profile, CMYK, cut
off, another format) takes the careful way of :func:`colorlib.io.images.load_image`. Both resize in the same way.
"""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from colorlib.data.sample_photos import PhotoFile
from colorlib.io.images import MAX_PIXELS

_ORIENTATION = 0x0112  # the EXIF tag that says how a photo is turned
_START, _END = b"\xff\xd8", b"\xff\xd9"  # of a JPEG that is whole


def load_square(
    photo: PhotoFile, size: int, fit: Literal["center_crop", "stretch"] = "center_crop"
) -> np.ndarray:
    """Read a photo and resize it to (size, size), bicubic and antialiased.

    Args:
        photo: where its file lies.
        size: side of the result in pixels.
        fit: ``"center_crop"`` takes the largest centred square, ``"stretch"`` all of the photo.

    Returns:
        uint8 RGB, (size, size, 3).

    Raises:
        ImageError, FileNotFoundError: as :func:`colorlib.io.images.load_image`.

    Example:
        >>> from colorlib.data import sample_photos
        >>> load_square(sample_photos()[0], 8).shape
        (8, 8, 3)
    """
    rgb = _plain_jpeg(photo)
    if rgb is None:
        rgb = torch.from_numpy(np.array(photo.image())).permute(2, 0, 1)
    h, w = rgb.shape[1:]
    if fit == "center_crop":
        side = min(h, w)
        top, left = (h - side) // 2, (w - side) // 2
        rgb = rgb[:, top : top + side, left : left + side]
    if rgb.shape[1:] != (size, size):
        rgb = F.interpolate(rgb[None], (size, size), mode="bicubic", antialias=True)[0]
    return rgb.permute(1, 2, 0).contiguous().numpy()


def _plain_jpeg(photo: PhotoFile) -> Tensor | None:
    """Decode a photo (3, h, w) if libjpeg alone reads it right; None if it takes more care."""
    try:  # torchvision means to drop its decoder one day: then all photos take the careful way
        data = photo.path.read_bytes()
        # libjpeg fills what is missing of a cut file with gray, in silence
        if not (data.startswith(_START) and data.rstrip(b"\0").endswith(_END)):
            return None
        with Image.open(io.BytesIO(data)) as header:
            turned = header.getexif().get(_ORIENTATION, 1) != 1
            plain = header.format == "JPEG" and header.mode in ("RGB", "L") and not turned
            if (
                not plain
                or "icc_profile" in header.info
                or header.width * header.height > MAX_PIXELS
            ):
                return None
        from torchvision.io import (
            ImageReadMode,
            decode_jpeg,
        )  # takes a while: only where a JPEG is plain

        return decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB)
    except Exception:  # whatever is wrong with it, the careful way says so in one sentence
        return None
