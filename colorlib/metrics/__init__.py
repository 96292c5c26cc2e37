"""How good is a colorized picture? Numbers, each of which can say how it was measured.

Start with :func:`compare`, or with :class:`Evaluation` for a data set too large for one batch. Below them,
a file per layer: :mod:`colorlib.metrics.core` holds the mathematics as plain functions of tensors,
:mod:`colorlib.metrics.protocols` adds a protocol to each (which tensors, which peak, how pictures are
averaged), :mod:`colorlib.metrics.evaluation` has the standard set, over many batches;
:mod:`colorlib.metrics.differences` asks whether a difference is one;
:mod:`colorlib.metrics.turing` asks people instead.

Two numbers compare only if their protocols are the same: pooled and per-picture PSNR of the same pictures
differ by decibels, and so do PSNR on RGB and PSNR on the ab channels.
"""

from colorlib.metrics.core import (
    chroma,
    ciede2000,
    colorfulness,
    gray_baseline,
    l1,
    mse,
    psnr,
    ssim,
)
from colorlib.metrics.differences import bootstrap
from colorlib.metrics.evaluation import Evaluation, compare, paper_002, standard
from colorlib.metrics.hues import HUES, hue_error
from colorlib.metrics.protocols import Metric, l1_on, mse_on, psnr_on
from colorlib.metrics.turing import Score, TuringTest, wilson

__all__ = [
    "HUES",
    "Evaluation",
    "Metric",
    "Score",
    "TuringTest",
    "bootstrap",
    "chroma",
    "ciede2000",
    "colorfulness",
    "compare",
    "gray_baseline",
    "hue_error",
    "l1",
    "l1_on",
    "mse",
    "mse_on",
    "paper_002",
    "psnr",
    "psnr_on",
    "ssim",
    "standard",
    "wilson",
]
