"""Checks of tensors and numbers from a caller: each error is one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor


def check_images(name: str, x: Tensor, channels: int = 3, allow_uint8: bool = False) -> None:
    """Raise unless ``x`` is a floating-point tensor (n, channels, h, w), or uint8 where allowed.

    Args:
        name: The argument's name in the caller's documentation.
        x: The argument.
        channels: The size of dimension 1.
        allow_uint8: Whether uint8 is allowed as well.

    Raises:
        TypeError: If ``x`` is not a tensor or has another dtype.
        ValueError: If ``x`` has another shape.

    Example:
        >>> check_images("L", torch.rand(1, 8, 8), channels=1)
        Traceback (most recent call last):
        ValueError: L has shape (1, 8, 8); expected (n, 1, h, w): add a batch dimension with [None]
    """
    expected = f"(n, {channels}, h, w)"
    _check_tensor(name, x, expected)
    if x.ndim != 4 or x.shape[1] != channels:
        hint = "reshape it"
        if x.ndim == 3 and x.shape[0] == channels:
            hint = "add a batch dimension with [None]"
        elif x.ndim == 4 and x.shape[-1] == channels:
            hint = "move the channels with .movedim(-1, 1)"
        raise ValueError(f"{name} has shape {tuple(x.shape)}; expected {expected}: {hint}")
    if x.is_floating_point() or (allow_uint8 and x.dtype == torch.uint8):
        return
    expected = "floating point or uint8" if allow_uint8 else "floating point: call .float()"
    raise TypeError(f"{name} has dtype {x.dtype}; expected {expected}")


def check_not_empty(name: str, x: Tensor) -> None:
    """Raise unless ``x`` is a tensor with at least one element: the mean of no values is NaN.

    Raises:
        TypeError: If ``x`` is not a tensor.
        ValueError: If ``x`` is empty.

    Example:
        >>> check_not_empty("real", torch.zeros(0, 2, 4, 4))
        Traceback (most recent call last):
        ValueError: real has shape (0, 2, 4, 4); expected at least one value: add some
    """
    _check_tensor(name, x, "of any shape")
    if not x.numel():
        found = f"{name} has shape {tuple(x.shape)}"
        raise ValueError(f"{found}; expected at least one value: add some")


def check_same_shape(**tensors: Tensor) -> None:
    """Raise unless two named tensors are (n, c, h, w), not empty, and of one shape and number type.

    Different shapes are never broadcast: the mean would include pixels that no image has.

    Raises:
        TypeError: If one is not a tensor, or one is floating point and the other is not.
        ValueError: If they are empty, are not four-dimensional, or differ in shape.

    Example:
        >>> check_same_shape(a=torch.ones(1, 2, 4, 4), b=torch.ones(1, 2, 4, 3))
        Traceback (most recent call last):
        ValueError: a has shape (1, 2, 4, 4) and b (1, 2, 4, 3); expected the same: ...
    """
    (name_a, a), (name_b, b) = tensors.items()
    _check_tensor(name_a, a, "(n, c, h, w)")
    _check_tensor(name_b, b, "(n, c, h, w)")
    if a.shape != b.shape:
        found = f"{name_a} has shape {tuple(a.shape)} and {name_b} {tuple(b.shape)}"
        raise ValueError(f"{found}; expected the same: resize or crop one")
    if a.ndim != 4:
        raise ValueError(f"{name_a} has shape {tuple(a.shape)}; expected (n, c, h, w): reshape it")
    if a.is_floating_point() != b.is_floating_point():
        found = f"{name_a} has dtype {a.dtype} and {name_b} {b.dtype}"
        raise TypeError(f"{found}; expected one kind: divide bytes by 255 first")
    check_not_empty(name_a, a)


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``.

    Example:
        >>> check_choice("resize_mode", "pad", ("center_crop", "stretch"))
        Traceback (most recent call last):
        ValueError: resize_mode is 'pad'; expected 'center_crop' or 'stretch'
    """
    if not isinstance(value, str) or value not in choices:
        quoted = [repr(choice) for choice in choices]
        expected = " or ".join([", ".join(quoted[:-1]), quoted[-1]])
        raise ValueError(f"{name} is {value!r}; expected {expected}")


def check_at_least(name: str, value: float, minimum: float) -> None:
    """Raise unless ``value`` is a number of at least ``minimum``. NaN is refused.

    Raises:
        TypeError: If ``value`` is not a number.
        ValueError: If ``value`` is too small.

    Example:
        >>> check_at_least("image_size", 0, 1)
        Traceback (most recent call last):
        ValueError: image_size is 0; expected at least 1
    """
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; expected a number, at least {minimum}")
    if not value >= minimum:
        raise ValueError(f"{name} is {value}; expected at least {minimum}")


def _check_tensor(name: str, x: object, shape: str) -> None:
    if not isinstance(x, Tensor):
        expected = f"expected a tensor {shape}: see colorlib.io.images.image_to_tensor"
        raise TypeError(f"{name} is a {type(x).__name__}; {expected}")
