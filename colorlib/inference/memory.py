"""Prediction at half the size if memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from colorlib.engine.precision import is_out_of_memory

_logger = logging.getLogger("colorlib")


def predict_with_oom_fallback(
    predict: Callable[[Tensor, int], Tensor], L: Float[Tensor, "1 1 h w"], size: int
) -> Float[Tensor, "1 c h w"]:
    """Return ``predict(L, size)`` or, if memory runs out, ``predict(L, size // 2)`` with a warning.

    Args:
        predict: Such as :meth:`colorlib.colorizer.Colorizer.predict_ab_at`.
        L: (1, 1, h, w).
        size: The network's size.

    Raises:
        RuntimeError: If memory runs out at half the size as well.
    """
    try:
        return predict(L, size)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    half = size // 2
    message = "memory ran out: this photo is coloured at half the network's size, %d"
    _logger.warning(message, half)
    try:
        return predict(L, half)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        advice = "close other programs, or colour on the CPU"
        raise RuntimeError(f"memory ran out at {half} pixels as well; {advice}") from error
