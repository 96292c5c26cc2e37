"""The reader fed with files that nobody would make: a picture or a sentence, and nothing else."""

import io
import logging
import os
import re
import warnings
from contextlib import suppress

import harm
import numpy as np
import pytest
from awkward import BAD, GOOD, rgb, saved
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from colorlib.io.exif import PROVENANCE_NOTE, exif_for_result
from colorlib.io.images import ImageError, load_image

LONG = os.environ.get("FAULTS") == "long"
SEEDS = {
    name: data for name, (data, *_) in GOOD.items() if 60 < len(data) < 9000 and " by " not in name
}
SEEDS |= {name: data for name, (data, _) in BAD.items() if 60 < len(data) < 9000}
Image.init()
for mode in (
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "CMYK",
    "I;16",
    "F",
):  # and every other format that Pillow knows
    for form in sorted(Image.SAVE.keys() - {"PDF", "PALM", "JPEG", "PNG", "GIF", "WEBP", "AVIF"}):
        with warnings.catch_warnings(), suppress(OSError, ValueError, KeyError, SystemError):
            warnings.simplefilter("ignore")
            SEEDS[f"{mode} {form}"] = saved(rgb.convert("L").convert(mode), form)
SEEDS = {name: data for name, data in SEEDS.items() if len(data) < 9000}
PIXELS = 1_000_000  # more is refused, so that an example takes milliseconds
searching = settings(
    max_examples=4000 if LONG else 60,
    deadline=None,
    database=None,
    derandomize=not LONG,  # the short version tries the same every time; the long one looks further each time
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@st.composite
def damaged(draw):
    """A file of the matrix, changed as disks, networks and people who mean harm change files."""
    data = bytearray(SEEDS[draw(st.sampled_from(sorted(SEEDS)))])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(
            st.integers(0, min(len(data), 200) if draw(st.booleans()) else len(data))
        )  # headers most of all
        how = draw(st.sampled_from([*harm.KINDS, "repeat"]))
        harm.harm(draw, data, at, how, ["big", "little"])
        if how == "repeat":
            data[at:at] = data[at : at + draw(st.integers(1, 80))]
    return bytes(data)


def verdict(data):
    """Read a file: None if all is well, or what was wrong with what came of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's words on damaged EXIF
        try:
            picture = load_image(data, max_pixels=PIXELS, keep_alpha=len(data) % 2 == 0)
            exif = exif_for_result(io.BytesIO(data), picture.size)
        except ImageError as error:
            said = str(error)
            return None if re.fullmatch(r"<bytes> [^\n]+\.", said) else f"no sentence: {said!r}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    if PROVENANCE_NOTE.encode() not in exif or len(exif) > 65_533:
        return f"labelled {exif[:200]}"
    whole = picture.mode in ("RGB", "RGBA") and 0 < picture.width * picture.height <= PIXELS
    return (
        None
        if whole and np.asarray(picture).dtype == np.uint8 and not picture.info
        else f"{picture}"
    )


@pytest.fixture(autouse=True)
def quiet():
    """No warnings of Pillow's about profiles and EXIF, which are expected here by the thousand."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_damaged_files(tried):
    count = 0

    @searching
    @given(damaged())
    def search(data):
        nonlocal count
        count += 1
        assert verdict(data) is None

    search()
    tried("fuzzed photo", count)


def test_noise_behind_every_known_beginning(tried):
    Image.init()
    beginnings = [data[:n] for data in SEEDS.values() for n in (4, 12, 30)]
    count = 0

    @searching
    @given(st.sampled_from(beginnings), st.binary(max_size=300))
    def search(head, tail):
        nonlocal count
        count += 1
        assert verdict(head + tail) is None

    search()
    tried("fuzzed photo", count)
