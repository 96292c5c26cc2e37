"""The benchmark of lesson 4: scores of known colours, and runs that resume."""

import pytest
import torch

from benchmarks import cgan_loss as bench
from colorlib.color import to_uint8
from colorlib.data.datasets import TensorImages
from colorlib.scenes import draw_scenes


@pytest.fixture(scope="module")
def lawns():
    return draw_scenes(32, bench.SIZE, seed=1)


def test_scores_of_the_truth_and_of_gray(lawns):
    truth, gray = bench.score(lawns.lab(), lawns), bench.score(bench.colorize(None, lawns), lawns)
    assert truth["balls' chroma, %"] == pytest.approx(100, abs=3)
    assert truth["flags red, %"] == pytest.approx(100 * lawns.flag_is_major.float().mean().item())
    assert truth["flags red, %"] + truth["flags blue, %"] == pytest.approx(100)
    assert truth["ladybirds' chroma, %"] == pytest.approx(100)
    assert gray["balls' chroma, %"] == 0 and gray["flags between, %"] == 100


def test_score_distinguishes_one_hue_from_many(lawns):
    lab = lawns.lab()
    lab[:, 1:] = torch.tensor([20.0, -5.0]).view(1, 2, 1, 1)
    assert bench.score(lab, lawns)["balls of one hue, %"] == pytest.approx(100)
    assert bench.score(lawns.lab(), lawns)["balls of one hue, %"] < 50


@pytest.mark.parametrize("name", ["L2", "GAN + 10 L1, label 0.9"])
def test_train_resumes_exactly(name, tmp_path):
    data = TensorImages(to_uint8(draw_scenes(32, 48).rgb))
    whole, _ = bench.train(bench.LOSSES[name], 0, data, 2, tmp_path / "whole")
    bench.train(bench.LOSSES[name], 0, data, 1, tmp_path / "parts")
    parts, net_d = bench.train(bench.LOSSES[name], 0, data, 2, tmp_path / "parts")
    assert all(
        torch.equal(a, b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True)
    )
    assert (net_d is None) == (name == "L2")


def test_plot_colors_returns_a_small_webp(lawns):
    data = bench.plot_colors({"truth": lawns.lab(), "L2": bench.colorize(None, lawns)}, lawns)
    assert data[8:12] == b"WEBP" and len(data) <= bench.pictures.MAX_BYTES
