"""Networks that others trained on ImageNet: torchvision's and timm's, with their weights or without."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from colorlib.tensor_checks import check_images

_SAFE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
MEAN, STD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # of ImageNet's RGB, which torchvision's nets expect


def to_imagenet_input(L: Tensor) -> Tensor:
    """Turn L (n, 1, h, w) in [-1, 1] into the RGB (n, 3, h, w) that torchvision's networks expect.

    (L + 1) / 2 stands for red, green and blue alike, each less ImageNet's mean and divided by its deviation.

    Example:
        >>> to_imagenet_input(torch.zeros(1, 1, 1, 1)).flatten()
        tensor([0.0655, 0.1964, 0.4178])
    """
    check_images("L", L, channels=1)
    gray = (L + 1) / 2
    return torch.cat([(gray - mean) / std for mean, std in zip(MEAN, STD, strict=True)], dim=1)


@contextmanager
def fork_rng(seed: int) -> Iterator[None]:
    """Draw first weights on the CPU from ``seed`` alone, and leave torch's random state as it was.

    Example:
        >>> with fork_rng(3):
        ...     one = nn.Linear(2, 2)
        >>> with fork_rng(3):
        ...     torch.equal(nn.Linear(2, 2).weight, one.weight)
        True
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def load_torchvision(name: str, pretrained: bool) -> nn.Module:
    """Make one of torchvision's classifiers: with its first published ImageNet weights, or random ones.

    Raises:
        OSError: If the weights cannot be had; there is never a random network in their place.
    """
    from torchvision import models

    if not pretrained:
        return models.get_model(name, weights=None)
    weights = models.get_model_weights(name).IMAGENET1K_V1
    place = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]
    return _fetched(
        name,
        lambda: models.get_model(name, weights=weights),
        f"put the file {weights.url} at {place}",
    )


def load_timm(name: str, pretrained: bool, classes: int) -> nn.Module:
    """Make one of timm's classifiers, as :func:`load_torchvision` does.

    Raises:
        ImportError: If timm is not installed.
        OSError: If the weights cannot be had.
    """
    try:
        import timm
    except ImportError as error:
        raise ImportError(
            f"{name} comes from timm, which is not here: install it with pip install timm"
        ) from error
    if not pretrained:
        return timm.create_model(name, pretrained=False, num_classes=classes)
    return _fetched(
        name,
        lambda: timm.create_model(name, pretrained=True, num_classes=classes),
        "fetch them once where there is a network, and copy the Hugging Face cache (HF_HOME) here",
    )


def _fetched(name: str, make: Callable[[], nn.Module], otherwise: str) -> nn.Module:
    """Make a network whose loader may go to the network, and say in one sentence what to do if it fails.

    Both loaders read pickles, which can run code; the variable makes torch refuse all but weights in them.
    """
    before = os.environ.get(_SAFE)
    os.environ[_SAFE] = "1"
    try:
        return make()
    except Exception as error:  # each loader, and each of its versions, has errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].partition(". ")[0]
        raise OSError(
            f"the ImageNet weights of {name} could not be had ({type(error).__name__}: {reason}); expected a "
            f"download or a file: {otherwise}, or ask for pretrained=False"
        ) from error
    finally:
        os.environ.pop(_SAFE) if before is None else os.environ.update({_SAFE: before})
