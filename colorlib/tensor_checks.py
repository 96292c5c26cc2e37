"""Checks of tensors and numbers from a caller: each error is one sentence that says what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

import torch
from torch import Tensor

MAX_IMAGE_SIZE = 4096  # pixels along a side of the images that a network sees


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
    advice = "divide by 255" if x.dtype == torch.uint8 else "call .float()"
    expected = "floating point or uint8" if allow_uint8 else f"floating point: {advice}"
    raise TypeError(f"{name} has dtype {x.dtype}; expected {expected}")


def check_range(
    name: str,
    x: Tensor,
    low: float = 0,
    high: float = 1,
    *,
    hint: str = "",
    allow_nan: bool = True,
) -> None:
    """Raise ValueError if values are outside [low, high] by more than 0.01, which rounding is not.

    Args:
        name: The name of the tensor in the message.
        x: Any shape.
        low, high: The range.
        hint: What to do; by default, what usually helps.
        allow_nan: Whether NaN passes, because it is seen in the result.

    Example:
        >>> check_range("rgb", torch.tensor([0.0, 255.0]))
        Traceback (most recent call last):
        ValueError: rgb runs from 0 to 255; expected [0, 1]: divide by 255
        >>> check_range("rgb", torch.tensor([-1.0, 1.0]))
        Traceback (most recent call last):
        ValueError: rgb runs from -1 to 1; expected [0, 1]: add 1 and divide by 2
    """
    values = x.detach()
    if not values.numel():
        return
    least, largest = (value.item() for value in values.aminmax())
    has_nan = math.isnan(least)
    if has_nan and allow_nan:
        check_range(name, values[~values.isnan()], low, high, hint=hint)
        return
    if least >= low - 0.01 and largest <= high + 0.01:
        return
    if has_nan:
        hint = "has the network diverged?"
    elif not hint and (low, high) == (0, 1):
        hint = "divide by 255" if least >= 0 else "add 1 and divide by 2"
    elif not hint:
        hint = "pass Lab, not RGB or scaled values"
    raise ValueError(
        f"{name} runs from {least:.3g} to {largest:.3g}; expected [{low:g}, {high:g}]: {hint}"
    )


def check_image_size(name: str, image_size: int) -> None:
    """Raise unless a side of images is a whole number from 1 to ``MAX_IMAGE_SIZE``.

    Raises:
        TypeError: If it is not a whole number.
        ValueError: If it is out of range.

    Example:
        >>> check_image_size("image_size", 4097)
        Traceback (most recent call last):
        ValueError: image_size is 4097; expected 1 to 4096
    """
    if not isinstance(image_size, Integral):
        raise TypeError(f"{name} is {image_size!r}; expected a whole number")
    if not 1 <= image_size <= MAX_IMAGE_SIZE:
        raise ValueError(f"{name} is {image_size}; expected 1 to {MAX_IMAGE_SIZE}")


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
