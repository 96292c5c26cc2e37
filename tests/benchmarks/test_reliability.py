"""The benchmark of calibration: a network that says the truth is on the diagonal."""

import pytest
import torch

from benchmarks.reliability import GROUPS, reliability
from colorlib.color_bins import grid_bins


def test_network_that_says_its_soft_targets_is_calibrated():
    bins = grid_bins()
    generator = torch.Generator().manual_seed(0)
    ab = 60 * torch.rand(4, 2, 16, 16, generator=generator) - 30
    targets = bins.soft_targets(ab)
    odds = torch.zeros(4, len(bins), 16, 16).scatter(1, targets.bins, targets.probabilities)
    lab = torch.cat([torch.full((4, 1, 16, 16), 50.0), ab], dim=1)
    rows = reliability(odds.clamp(min=1e-9).log(), lab, bins)
    assert len(rows) == GROUPS and sum(row["pixels, %"] for row in rows) == pytest.approx(100)
    for row in (row for row in rows if "says" in row):
        assert row["soft target"] == pytest.approx(row["says"], abs=1e-3)
        assert row["right"] == 1


def test_network_that_is_certain_and_wrong_is_found_out():
    bins = grid_bins()
    lab = torch.cat([torch.full((1, 1, 8, 8), 50.0), torch.zeros(1, 2, 8, 8)], dim=1)
    logits = torch.zeros(1, len(bins), 2, 2)
    logits[:, bins.nearest(torch.full((1, 2, 1, 1), 60.0)).item()] = 50.0
    row = reliability(logits, lab, bins)[-1]
    assert row["pixels, %"] == 100 and row["says"] > 0.99
    assert row["right"] == row["soft target"] == 0
