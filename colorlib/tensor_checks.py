"""Checks of a caller's values: each raises one sentence with what was found and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor


def check_images(name: str, value: Tensor, channels: int = 3, uint8: bool = False) -> None:
    """Raise unless ``value`` is a tensor (n, channels, h, w) of floating point, or of uint8 where allowed.

    Args:
        name: What the caller's own documentation calls the argument.
        value: The argument.
        channels: How many channels dimension 1 must have.
        uint8: Whether uint8 is allowed as well.

    Raises:
        TypeError: If it is not a tensor, or has another dtype.
        ValueError: If it has another shape.

    Example:
        >>> check_images("rgb", torch.rand(3, 8, 8))
        Traceback (most recent call last):
        ValueError: rgb has shape (3, 8, 8); expected (n, 3, h, w): add a batch dimension with [None]
    """
    wanted = f"(n, {channels}, h, w)"
    _check_tensor(name, value, wanted)
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


def check_not_empty(name: str, value: Tensor) -> None:
    """Raise unless ``value`` is a tensor with at least one element: the mean of none is NaN.

    Raises:
        TypeError: If it is not a tensor.
        ValueError: If it is empty.

    Example:
        >>> check_not_empty("real", torch.zeros(0, 2, 4, 4))
        Traceback (most recent call last):
        ValueError: real has shape (0, 2, 4, 4); expected at least one value: add some
    """
    _check_tensor(name, value, "of any shape")
    if not value.numel():
        found = f"{name} has shape {tuple(value.shape)}"
        raise ValueError(f"{found}; expected at least one value: add some")


def check_same_shape(**two: Tensor) -> None:
    """Raise unless two named tensors are (n, c, h, w), not empty, of one shape and one kind of number.

    Different shapes are not broadcast: the mean would include pixels that no image has.

    Raises:
        TypeError: If one is not a tensor, or one is floating point and the other is not.
        ValueError: If they are empty, are not four-dimensional, or differ in shape.

    Example:
        >>> check_same_shape(fake=torch.zeros(1, 2, 4, 4), real=torch.zeros(1, 2, 4, 3))
        Traceback (most recent call last):
        ValueError: fake has shape (1, 2, 4, 4) and real (1, 2, 4, 3); expected the same: resize or crop one
    """
    (one, first), (other, second) = two.items()
    _check_tensor(one, first, "(n, c, h, w)")
    _check_tensor(other, second, "(n, c, h, w)")
    if first.shape != second.shape:
        found = f"{one} has shape {tuple(first.shape)} and {other} {tuple(second.shape)}"
        raise ValueError(f"{found}; expected the same: resize or crop one")
    if first.ndim != 4:
        raise ValueError(f"{one} has shape {tuple(first.shape)}; expected (n, c, h, w): reshape it")
    if first.is_floating_point() != second.is_floating_point():
        found = f"{one} has dtype {first.dtype} and {other} {second.dtype}"
        raise TypeError(f"{found}; expected one kind: divide bytes by 255 first")
    check_not_empty(one, first)


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``.

    Example:
        >>> check_choice("fit", "squeeze", ("crop", "stretch"))
        Traceback (most recent call last):
        ValueError: fit is 'squeeze'; expected 'crop' or 'stretch'
    """
    if not isinstance(value, str) or value not in choices:
        quoted = [repr(choice) for choice in choices]
        expected = " or ".join([", ".join(quoted[:-1]), quoted[-1]])
        raise ValueError(f"{name} is {value!r}; expected {expected}")


def check_at_least(name: str, value: float, minimum: float) -> None:
    """Raise unless ``value`` is a number of at least ``minimum``; NaN is not.

    Raises:
        TypeError: If it is not a number.
        ValueError: If it is too small.

    Example:
        >>> check_at_least("size", 0, 1)
        Traceback (most recent call last):
        ValueError: size is 0; expected at least 1
    """
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; expected a number, at least {minimum}")
    if not value >= minimum:
        raise ValueError(f"{name} is {value}; expected at least {minimum}")


def _check_tensor(name: str, value: object, shape: str) -> None:
    if not isinstance(value, Tensor):
        found = f"{name} is a {type(value).__name__}"
        raise TypeError(
            f"{found}; expected a tensor {shape}: see colorlib.io.images.image_to_tensor"
        )
