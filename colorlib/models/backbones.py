"""torchvision's and timm's classifiers, with ImageNet weights or with random ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.tensor_checks import check_images

#: Mean and standard deviation of ImageNet's RGB, which torchvision's networks expect.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def to_imagenet_input(L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Turn L in [-1, 1] into the normalized RGB that torchvision's networks expect.

    Red, green and blue are all (L + 1) / 2, minus ImageNet's mean and divided by its standard
    deviation.

    Example:
        >>> to_imagenet_input(torch.zeros(1, 1, 1, 1)).flatten()
        tensor([0.0655, 0.1964, 0.4178])
    """
    check_images("L", L, channels=1)
    gray = (L + 1) / 2
    return torch.cat([(gray - mean) / std for mean, std in zip(MEAN, STD, strict=True)], dim=1)


@contextmanager
def seeded_weights(seed: int) -> Iterator[None]:
    """Draw initial weights on the CPU from ``seed``, and restore torch's random state afterwards.

    Example:
        >>> with seeded_weights(3):
        ...     first = nn.Linear(2, 2)
        >>> with seeded_weights(3):
        ...     torch.equal(nn.Linear(2, 2).weight, first.weight)
        True
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def load_torchvision(name: str, pretrained: bool) -> nn.Module:
    """Return one of torchvision's classifiers, with its first ImageNet weights or random ones.

    Raises:
        OSError: If the weights cannot be loaded; a random network is never returned instead.
    """
    from torchvision import models

    if not pretrained:
        return models.get_model(name, weights=None)
    weights = models.get_model_weights(name).IMAGENET1K_V1
    path = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]
    hint = f"put the file {weights.url} at {path}"
    return _load_pretrained(name, lambda: models.get_model(name, weights=weights), hint)


def load_timm(name: str, pretrained: bool, num_classes: int) -> nn.Module:
    """Return one of timm's classifiers, as :func:`load_torchvision` does.

    Raises:
        ImportError: If timm is not installed.
        OSError: If the weights cannot be loaded.
    """
    try:
        import timm
    except ImportError as error:
        found = f"{name} comes from timm, which is not installed"
        raise ImportError(f"{found}: install it with pip install timm") from error

    def create() -> nn.Module:
        return timm.create_model(name, pretrained=pretrained, num_classes=num_classes)

    if not pretrained:
        return create()
    hint = "download them where there is a network, and copy Hugging Face's cache (HF_HOME) here"
    return _load_pretrained(name, create, hint)


def _load_pretrained(name: str, load: Callable[[], nn.Module], hint: str) -> nn.Module:
    """Return what ``load`` returns, or raise a DownloadError, which is an OSError, with a hint.

    Both libraries read pickles, which can run code; the variable makes torch load weights only.
    """
    variable = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(variable)
    os.environ[variable] = "1"
    try:
        return load()
    except Exception as error:  # each library, and each version, raises errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].partition(". ")[0]
        found = f"the ImageNet weights of {name} could not be loaded"
        from colorlib.data.download import DownloadError

        raise DownloadError(
            f"{found} ({type(error).__name__}: {reason}); expected a download or a file: {hint}, "
            "or ask for pretrained=False"
        ) from error
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before
