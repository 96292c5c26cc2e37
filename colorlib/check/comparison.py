"""Comparison of a learner's values with the expected ones, and descriptions of a mismatch."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

_NO_RETURN = "the function returned nothing: does it end with a return?"
_OTHER_SHAPE = "the shape is different: print it after each line, and see where it changes."


@dataclass(frozen=True)
class Mismatch:
    """A difference between two values, as text.

    Args:
        got: The learner's value.
        expected: The reference's value.
        advice: A cause to suggest if no known mistake fits.
        what: The name of the value, or "".
    """

    got: str
    expected: str
    advice: str = ""
    what: str = ""


def compare(got: Any, expected: Any, tolerance: float) -> Mismatch | None:
    """Compare two values, element by element inside tuples and dicts; None if they agree.

    Example:
        >>> compare(0.5, 0.5, tolerance=0) is None
        True
        >>> compare((1, "a"), (1, "b"), tolerance=0)
        Mismatch(got='a', expected='b', advice='', what='')
    """
    if isinstance(expected, tuple):
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return _mismatch_of_kinds(got, expected)
        return _compare_all(got, expected, tolerance)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return _mismatch_of_kinds(got, expected)
        return _compare_all([got[key] for key in expected], expected.values(), tolerance)
    if isinstance(expected, Tensor):
        return _compare_tensors(got, expected, tolerance)
    if isinstance(got, (Tensor, np.ndarray)) and np.prod(got.shape) != 1:
        return _mismatch_of_kinds(got, expected)
    if got == expected:
        return None
    return Mismatch(_format_value(got), _format_value(expected))


def _compare_all(got: Sequence[Any], expected: Sequence[Any], tolerance: float) -> Mismatch | None:
    for one, other in zip(got, expected, strict=True):
        mismatch = compare(one, other, tolerance)
        if mismatch:
            return mismatch
    return None


def _compare_tensors(got: Any, expected: Tensor, tolerance: float) -> Mismatch | None:
    if not isinstance(got, Tensor):
        return _mismatch_of_kinds(got, expected)
    if got.shape != expected.shape:
        return Mismatch(describe(got), describe(expected), _OTHER_SHAPE)
    error = (got.detach().double() - expected.double()).abs()
    if error.numel() == 0 or error.max() <= tolerance:  # False for NaN, which is a difference
        return None
    largest = error.nan_to_num(nan=float("inf")).argmax().item()
    # np.unravel_index, because torch.unravel_index imports sympy, which takes seconds
    index = tuple(int(i) for i in np.unravel_index(largest, error.shape))
    return Mismatch(_format_position(got.detach(), index), _format_position(expected, index))


def _mismatch_of_kinds(got: Any, expected: Any) -> Mismatch:
    return Mismatch(describe(got), describe(expected), _NO_RETURN if got is None else "")


def describe(value: Any) -> str:
    """Describe the kind of a value: a tensor by its shape, several values one by one.

    Example:
        >>> import torch
        >>> describe((torch.zeros(2, 3), None))
        '2 values: a tensor of shape (2, 3), None'
    """
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, dict):
        names = ", ".join(sorted(str(name) for name in value))
        return f"a dict with the names {names}" if names else "an empty dict"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values: " + ", ".join(describe(item) for item in value)
    return "None" if value is None else f"something of type {type(value).__name__}"


def describe_exception(error: Exception) -> str:
    """Return an exception's type and message."""
    return f"{type(error).__name__}: {error}"


def learner_line(error: Exception) -> str:
    """Return the line of the learner's code that raised the error, or "" if it is unknown."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is the grader's
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return own[-1].line or "" if own else ""


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) and value else repr(value)


def _format_position(tensor: Tensor, index: tuple[int, ...]) -> str:
    """Format all channels at one position of an (n, c, h, w) tensor, else the number there."""
    if tensor.ndim == 4 and tensor.shape[1] > 1:
        n, _, h, w = index
        return "[" + ", ".join(_format_number(x) for x in tensor[n, :, h, w].tolist()) + "]"
    return _format_number(tensor[index].item())


def _format_number(number: float) -> str:
    """Format a number with four digits; rounding errors around zero become 0."""
    return "0" if abs(number) < 5e-6 else f"{number:.4g}"
