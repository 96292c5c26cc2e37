"""Data sets: sample photos, your own folders, downloads, drawn scenes, and their splits.

:func:`sample_photos` lists the photos that scikit-image and scikit-learn carry,
:func:`sample_photo_crops` cuts random squares out of them, :func:`list_images` lists the images of
a folder, :func:`list_photos` those of any data set by its name, and :func:`draw_scenes` draws
scenes with a class for every pixel. :func:`build_image_cache` decodes and resizes photos once, for
training, :func:`open_image_cache` and :func:`copy_image_cache` open and copy what it wrote;
:func:`draw_subset` draws some photos or images by a seed, and :func:`hash_split` splits names into
training, validation and test.

Importing this package loads neither torch nor a downloader; the functions that need them load them
when they are first used.
"""

from importlib import import_module

from colorlib.data.image_folder import PhotoFile, list_images
from colorlib.data.sample_photos import sample_photo_crops, sample_photos

__all__ = [
    "PhotoFile",
    "build_image_cache",
    "copy_image_cache",
    "draw_scenes",
    "draw_subset",
    "hash_split",
    "list_images",
    "list_photos",
    "open_image_cache",
    "sample_photo_crops",
    "sample_photos",
]

_LAZY_MODULES = {
    "build_image_cache": "colorlib.data.image_cache",
    "copy_image_cache": "colorlib.data.cached_images",
    "draw_scenes": "colorlib.scenes",
    "draw_subset": "colorlib.data.datasets",
    "hash_split": "colorlib.data.duplicates",
    "list_photos": "colorlib.data.download",
    "open_image_cache": "colorlib.data.cached_images",
}


def __getattr__(name: str):
    if name not in _LAZY_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY_MODULES[name]), name)
