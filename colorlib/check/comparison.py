"""Comparison of a learner's values with the expected ones, and descriptions of a mismatch."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

_NO_RETURN = "the function returned nothing: does it end with a return?"
_OTHER_SHAPE = "the shape is different: print it after each line, and see where it changes."
_PLAIN_NUMBER = (
    "this is a plain number: take away .item() or float(), because training needs the tensor."
)
_ARRAY = "this is a NumPy array: use torch's functions, or torch.from_numpy(...) at the end."
_LIST = "this is a list or tuple: torch.stack([...]) or torch.tensor([...]) makes a tensor of it."
_ONE_TENSOR = "you return one tensor: return the values one by one, with commas between them."
_DTYPE = "the numbers are right, but of another type, which the cells below cannot use: keep the "
_COMPLEX = "an imaginary part comes from the root or a power of a negative number, or from an FFT."
_GRAPH = "your result still has its graph, so it cannot be plotted: return result.detach()."
_PACKAGES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
_LIBRARY = [Path(__file__).parents[1], *_PACKAGES]


@dataclass(frozen=True)
class Mismatch:
    """A difference between two values, as text.

    Args:
        got: The learner's value.
        expected: The reference's value.
        advice: A cause to suggest if no known mistake fits.
        what: The name of the value, or "".
        where: The position in an image, or "".
    """

    got: str
    expected: str
    advice: str = ""
    what: str = ""
    where: str = ""


@dataclass(frozen=True)
class Rules:
    """The tolerances within which two values are equal.

    Args:
        tolerance: Largest absolute difference between two tensors.
        channels: Names of the channels of (n, c, h, w) tensors, to show next to their numbers.
        accepts_numbers: Whether a plain number may come instead of a tensor of shape ().
        exact_dtype: Whether a tensor must have the expected type, because a network follows.
    """

    tolerance: float = 0.0
    channels: Sequence[str] = ()
    accepts_numbers: bool = False
    exact_dtype: bool = False


def compare(got: Any, expected: Any, rules: Rules) -> Mismatch | None:
    """Compare two values, element by element inside tuples and dicts; None if they agree.

    Example:
        >>> compare(0.5, 0.5, Rules()) is None
        True
        >>> mismatch = compare((1, "a"), (1, "b"), Rules())
        >>> mismatch.got, mismatch.expected
        ('a', 'b')
    """
    if isinstance(expected, tuple):
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return _mismatch_of_kinds(got, expected)
        return _compare_all(got, expected, rules)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return _mismatch_of_kinds(got, expected)
        return _compare_all([got[key] for key in expected], expected.values(), rules)
    if "complex" in str(getattr(got, "dtype", type(got))):
        return Mismatch("complex numbers", "real numbers", _COMPLEX)
    if isinstance(expected, Tensor):
        return _compare_tensors(got, expected, rules)
    if isinstance(got, (Tensor, np.ndarray)) and np.prod(got.shape) != 1:
        return _mismatch_of_kinds(got, expected)
    if got == expected:
        return None
    return Mismatch(*format_pair(got, expected))


def _compare_all(got: Sequence[Any], expected: Sequence[Any], rules: Rules) -> Mismatch | None:
    for one, other in zip(got, expected, strict=True):
        mismatch = compare(one, other, rules)
        if mismatch:
            return mismatch
    return None


def _compare_tensors(got: Any, expected: Tensor, rules: Rules) -> Mismatch | None:
    is_number = isinstance(got, Number) and not isinstance(got, (bool, np.bool_))
    if is_number and rules.accepts_numbers and expected.ndim == 0:
        got = expected.new_tensor(got)
    if not isinstance(got, Tensor):
        return _mismatch_of_kinds(got, expected)
    if got.shape != expected.shape:
        return Mismatch(describe(got), describe(expected), _OTHER_SHAPE)
    error = (got.detach().double() - expected.detach().double()).abs()
    error[(got == expected) | (got.isnan() & expected.isnan())] = 0  # infinity minus itself is NaN
    if error.numel() and not error.max() <= rules.tolerance:  # True for NaN too
        return _mismatch_of_values(got.detach(), expected.detach(), error, rules.channels)
    if rules.exact_dtype and got.dtype != expected.dtype:
        advice = f"{_DTYPE}{str(expected.dtype).removeprefix('torch.')} of the input."
        return Mismatch(f"numbers of {got.dtype}", f"numbers of {expected.dtype}", advice)
    if got.requires_grad and not expected.requires_grad:
        return Mismatch("a tensor with a graph", "a tensor without one", _GRAPH)
    return None


def _mismatch_of_values(
    got: Tensor, expected: Tensor, error: Tensor, channels: Sequence[str]
) -> Mismatch:
    """Show all channels at the pixel with the largest difference, else the number there."""
    largest = error.nan_to_num(nan=float("inf")).argmax().item()
    # np.unravel_index, because torch.unravel_index imports sympy, which takes seconds
    index = tuple(int(i) for i in np.unravel_index(largest, error.shape))
    if error.ndim != 4 or error.shape[1] == 1:
        return Mismatch(*format_pair(got[index].item(), expected[index].item()))
    n, _, h, w = index
    digits = _digits_that_differ(got[index].item(), expected[index].item())
    named = len(channels) == error.shape[1]
    names = [f"{name} " for name in channels] if named else [""] * error.shape[1]
    texts = []
    for tensor in (got, expected):
        numbers = [_format_number(number, digits) for number in tensor[n, :, h, w].tolist()]
        pairs = zip(names, numbers, strict=True)
        texts.append("[" + ", ".join(name + number for name, number in pairs) + "]")
    where = f"image {n}, row {h}, column {w}" if error[:, 0].numel() > 1 else ""
    return Mismatch(*texts, where=where)


def _mismatch_of_kinds(got: Any, expected: Any) -> Mismatch:
    advice = ""
    if got is None:
        advice = _NO_RETURN
    elif isinstance(got, np.ndarray):
        advice = _ARRAY
    elif isinstance(expected, Tensor) and isinstance(got, Number):
        advice = _PLAIN_NUMBER if expected.ndim == 0 else ""
    elif isinstance(expected, Tensor) and isinstance(got, (list, tuple)):
        advice = _LIST
    elif isinstance(expected, tuple) and isinstance(got, Tensor):
        advice = _ONE_TENSOR
    return Mismatch(describe(got), describe(expected), advice)


def describe(value: Any) -> str:
    """Describe the kind of a value: a tensor by its shape, several values one by one.

    Example:
        >>> import torch
        >>> describe((torch.zeros(2, 3), torch.tensor(1.0), None))
        '3 values: a tensor of shape (2, 3), one number, as a tensor, None'
    """
    if isinstance(value, Tensor) and value.ndim == 0:
        return "one number, as a tensor"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, dict):
        names = ", ".join(sorted(str(name) for name in value))
        return f"a dict with the names {names}" if names else "an empty dict"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values: " + ", ".join(describe(item) for item in value)
    return "None" if value is None else f"something of type {type(value).__name__}"


def describe_exception(error: BaseException) -> str:
    """Return an exception's type and message."""
    return f"{type(error).__name__}: {error}"


def learner_line(error: BaseException) -> str:
    """Return the last line of the learner's own code on the way to an error, or ""."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
        and not any(Path(frame.filename).is_relative_to(folder) for folder in _LIBRARY)
    ]
    return own[-1].line or "" if own else ""


def format_pair(got: Any, expected: Any) -> tuple[str, str]:
    """Format two values with as many digits as it takes to see that they differ, at least four.

    Example:
        >>> format_pair(1.0, 2.0), format_pair(0.87382, 0.87384)
        (('1', '2'), ('0.87382', '0.87384'))
    """
    numbers = (int, float)
    if not (isinstance(got, numbers) and isinstance(expected, numbers)) or got == expected:
        return _format_value(got), _format_value(expected)
    digits = _digits_that_differ(got, expected)
    return _format_number(got, digits), _format_number(expected, digits)


def _digits_that_differ(got: float, expected: float) -> int:
    for digits in range(4, 17):
        if _format_number(got, digits) != _format_number(expected, digits):
            return digits
    return 17


def _format_value(value: Any) -> str:
    if isinstance(value, float):
        return _format_number(value, 4)
    return value if isinstance(value, str) and value else repr(value)


def _format_number(number: float, digits: int) -> str:
    """Format a number; with few digits, rounding errors around zero become 0."""
    if isinstance(number, int):
        return repr(number)
    return "0" if digits == 4 and abs(number) < 5e-6 else f"{number:.{digits}g}"
