"""Where pictures come from, and which of them are held out.

``photos()`` lists the photographs that scikit-image and scikit-learn carry, ``photo_crops()`` cuts random
squares of them, ``folder()`` lists your own, ``pictures()`` those of any data set by its name, ``scenes()``
draws lawns with a class for every pixel. ``prepare()`` decodes and resizes photos once, for training;
``split()`` divides any names into training, validation and test.

A file for each further idea: :mod:`~colorlib.data.sources` (the papers' data sets),
:mod:`~colorlib.data.download`, :mod:`~colorlib.data.archives`, :mod:`~colorlib.data.filters`,
:mod:`~colorlib.data.duplicates`, :mod:`~colorlib.data.augment`.
"""

from colorlib.data.crops import photo_crops
from colorlib.data.embedded import Photo, photos
from colorlib.data.folders import folder
from colorlib.data.splits import split

__all__ = ["Photo", "folder", "photo_crops", "photos", "pictures", "prepare", "scenes", "split"]

_LATER = {  # loads torch or a downloader, so only when asked for
    "pictures": "colorlib.data.download",
    "prepare": "colorlib.data.prepared",
    "scenes": "colorlib.scenes",
}


def __getattr__(name: str):
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
