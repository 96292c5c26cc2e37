"""Where pictures come from, and which of them are held out.

``photos()`` lists the photographs that scikit-image and scikit-learn carry, ``photo_crops()`` cuts random
squares of them, ``folder()`` lists your own, ``scenes()`` draws lawns with a class for every pixel, and
``split()`` divides any names into training, validation and test.
"""

from colorlib.data.crops import photo_crops
from colorlib.data.embedded import Photo, photos
from colorlib.data.folders import folder
from colorlib.data.splits import split

__all__ = ["Photo", "folder", "photo_crops", "photos", "scenes", "split"]


def __getattr__(name: str):
    if name == "scenes":  # loads torch, so only when asked for
        from colorlib.scenes import scenes

        return scenes
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
