"""Curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from colorlib.viz.figure import Figure, line_styles


def plot_lines(
    curves: Mapping[str, tuple[Any, Any]], *, xlabel: str, ylabel: str, alt: str, title: str = ""
) -> Figure:
    """Plot named curves, each with a colour and a dash of its own.

    Args:
        curves: Name -> (x, y), each a sequence of numbers.
    """
    figure = Figure(alt=alt, figsize=(5.4, 3.2))
    axes = figure.subplots()
    for (name, (x, y)), style in zip(curves.items(), line_styles(), strict=False):
        axes.plot(np.asarray(x), np.asarray(y), label=name, **style)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if len(curves) > 1:
        axes.legend()
    return figure
