"""Where pictures come from, and which of them are held out.

``photos()`` lists the photographs that scikit-image and scikit-learn carry, ``sample_photo_crops()`` cuts random
squares of them, ``folder()`` lists your own, ``pictures()`` those of any data set by its name, ``scenes()``
draws lawns with a class for every pixel. ``prepare()`` decodes and resizes photos once, for training;
``split()`` divides any names into training, validation and test.

A file for each further idea: :mod:`~colorlib.data.catalog` (the papers' data sets),
:mod:`~colorlib.data.download`, :mod:`~colorlib.data.archive`, :mod:`~colorlib.data.filters`,
:mod:`~colorlib.data.duplicates`, :mod:`~colorlib.data.augment`.
"""

from colorlib.data.crops import sample_photo_crops
from colorlib.data.image_folder import list_images
from colorlib.data.sample_photos import PhotoFile, sample_photos
from colorlib.data.splits import hash_split

__all__ = [
    "PhotoFile",
    "list_images",
    "sample_photo_crops",
    "sample_photos",
    "list_photos",
    "build_image_cache",
    "draw_scenes",
    "hash_split",
]

_LATER = {  # loads torch or a downloader, so only when asked for
    "list_photos": "colorlib.data.download",
    "build_image_cache": "colorlib.data.image_cache",
    "draw_scenes": "colorlib.scenes",
}


def __getattr__(name: str):
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
