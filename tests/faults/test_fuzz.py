"""Damaged image files of every format: load_image returns an image or raises one sentence."""

import io
import logging
import re
import warnings
from contextlib import suppress

import numpy as np
import pytest
from byte_corruption import corrupted
from hypothesis import given
from hypothesis import strategies as st
from malformed_images import BAD, GOOD, encode, gray
from PIL import Image

from colorlib.io.exif import PROVENANCE_NOTE, exif_for_result
from colorlib.io.images import ImageError, load_image

MAX_PIXELS = 1_000_000  # so that an example takes milliseconds
MODES = ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"]


def example_files():
    """Return small files of every format that Pillow writes."""
    files = {name: data for name, (data, *_) in (GOOD | BAD).items()}
    Image.init()
    for mode in MODES:
        for form in sorted(Image.SAVE.keys() - {"PDF", "PALM"}):
            with warnings.catch_warnings(), suppress(OSError, ValueError, KeyError, SystemError):
                warnings.simplefilter("ignore")
                files[f"{mode} {form}"] = encode(gray.convert(mode), form)
    return {name: data for name, data in files.items() if 60 < len(data) < 9000}


FILES = example_files()


def find_problem(data):
    """Load a file; return None if all is well, or what is wrong with the result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about damaged EXIF
        try:
            image = load_image(data, max_pixels=MAX_PIXELS, keep_alpha=len(data) % 2 == 0)
            exif = exif_for_result(io.BytesIO(data), image.size)
        except ImageError as error:
            is_sentence = re.fullmatch(r"<bytes> [^\n]+\.", str(error))
            return None if is_sentence else f"not a sentence: {error!r}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    if PROVENANCE_NOTE.encode() not in exif or len(exif) > 65_533:
        return f"EXIF {exif[:200]}"
    is_complete = image.mode in ("RGB", "RGBA") and 0 < image.width * image.height <= MAX_PIXELS
    if not is_complete or np.asarray(image).dtype != np.uint8 or image.info:
        return str(image)
    return None


@pytest.fixture(autouse=True)
def no_warnings():
    """Turn off thousands of expected warnings about profiles and EXIF."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


BEGINNINGS = [data[:n] for data in FILES.values() for n in (4, 12, 30)]
NOISE = st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=300))


@pytest.mark.parametrize("kind", ["corrupted", "noise"])
def test_load_image_of_damaged_bytes_is_image_or_error(kind, fuzzing, record_trials):
    """Files with changed bytes, and noise after the beginning of each format."""
    count = 0

    @fuzzing(short=60, long=4000)
    @given(corrupted(FILES, byte_orders=("big", "little")) if kind == "corrupted" else NOISE)
    def search(data):
        nonlocal count
        count += 1
        assert find_problem(data) is None

    search()
    record_trials("fuzzed photo", count)
