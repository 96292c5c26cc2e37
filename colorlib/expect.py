"""What a function expects of a tensor, said in one sentence when it gets something else."""

from __future__ import annotations

import torch
from torch import Tensor


def pictures(name: str, value: Tensor, channels: int = 3, uint8: bool = False) -> None:
    """Raise unless ``value`` is a tensor (n, channels, h, w) of floating point, or of uint8 where allowed.

    Args:
        name: What the caller's own documentation calls the argument.
        value: The argument.
        channels: How many channels dimension 1 must hold.
        uint8: Whether uint8 is welcome as well.

    Raises:
        TypeError: If it is no tensor, or of another dtype.
        ValueError: If it has another shape.

    Example:
        >>> pictures("rgb", torch.rand(3, 8, 8))
        Traceback (most recent call last):
        ValueError: rgb has shape (3, 8, 8); expected (n, 3, h, w): add a batch dimension with [None]
    """
    wanted = f"(n, {channels}, h, w)"
    if not isinstance(value, Tensor):
        kind = type(value).__name__
        raise TypeError(
            f"{name} is a {kind}; expected a tensor {wanted}: see colorlib.images.to_tensor"
        )
    if value.ndim != 4 or value.shape[1] != channels:
        hint = "reshape it"
        if value.ndim == 3 and value.shape[0] == channels:
            hint = "add a batch dimension with [None]"
        elif value.ndim == 4 and value.shape[-1] == channels:
            hint = "move the channels with .movedim(-1, 1)"
        raise ValueError(f"{name} has shape {tuple(value.shape)}; expected {wanted}: {hint}")
    if not (value.is_floating_point() or (uint8 and value.dtype == torch.uint8)):
        kinds = "floating point or uint8" if uint8 else "floating point: call .float()"
        raise TypeError(f"{name} has dtype {value.dtype}; expected {kinds}")


def some(name: str, value: Tensor) -> None:
    """Raise ValueError if a tensor is empty: a mean over nothing is no number.

    Example:
        >>> some("real", torch.zeros(0, 2, 4, 4))
        Traceback (most recent call last):
        ValueError: real has shape (0, 2, 4, 4); expected at least one value: add some
    """
    if not value.numel():
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}; expected at least one value: add some"
        )


def alike(**two: Tensor) -> None:
    """Raise unless two named tensors can be compared: (n, c, h, w) both, of one shape and one kind of number.

    Raises:
        TypeError: If one counts in floating point and the other in whole numbers.
        ValueError: If they are empty, have another number of dimensions, or differ in shape: broadcasting
            would average over made-up pixels.

    Example:
        >>> alike(fake=torch.zeros(1, 2, 4, 4), real=torch.zeros(1, 2, 4, 3))
        Traceback (most recent call last):
        ValueError: fake has shape (1, 2, 4, 4) and real (1, 2, 4, 3); expected the same: resize or crop one
    """
    (one, first), (other, second) = two.items()
    if first.shape != second.shape:
        found = f"{one} has shape {tuple(first.shape)} and {other} {tuple(second.shape)}"
        raise ValueError(f"{found}; expected the same: resize or crop one")
    if first.ndim != 4:
        raise ValueError(f"{one} has shape {tuple(first.shape)}; expected (n, c, h, w): reshape it")
    if first.is_floating_point() != second.is_floating_point():
        found = f"{one} has dtype {first.dtype} and {other} {second.dtype}"
        raise TypeError(f"{found}; expected one kind: divide bytes by 255 first")
    some(one, first)
