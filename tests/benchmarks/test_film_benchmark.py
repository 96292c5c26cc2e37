"""The benchmark of old photographs: scores of known colours, and the table that it writes."""

import pytest
import torch

from benchmarks import film as bench
from colorlib import colorizer
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.unet import UNet
from course.tool import stored_results


@pytest.fixture
def rgb():
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model():
    return Colorizer(UNet(num_downs=3, base_channels=4, dropout=0).eval(), image_size=32)


def test_scores_of_the_truth_and_of_gray(rgb):
    ab = rgb_to_lab(rgb)[:, 1:]
    truth, gray = bench.scores(ab, rgb), bench.scores(torch.zeros_like(ab), rgb)
    assert truth["dB over gray"] > 40 and truth["CIEDE2000"] < 0.01
    assert truth["chroma / true"].item() == pytest.approx(1, abs=1e-3)
    assert gray["dB over gray"] == 0 and gray["chroma / true"] < 1e-3


def test_tint_with_equal_lightness_changes_no_prediction(rgb, model, monkeypatch):
    from colorlib.color import lab_to_rgb

    monkeypatch.setattr(colorizer, "amp_dtype", lambda device: None)  # 16 bits would round L
    lab = rgb_to_lab(0.3 + 0.4 * rgb)
    tints = [
        torch.cat([lab[:, :1], torch.full_like(lab[:, 1:], chroma)], dim=1) for chroma in (0.0, 8.0)
    ]
    gray, brown = (bench.predict_ab(model, lab_to_rgb(tint)) for tint in tints)
    assert (gray - brown).abs().max() < 0.05
    red = bench.predict_ab(model, lab_to_rgb(tints[1]), "red")
    assert (gray - red).abs().max() > 0.05


def test_main_writes_the_table(rgb, model, tmp_path):
    (tmp_path / "course/results").mkdir(parents=True)
    weights = model.save(tmp_path / "model.safetensors")
    photos = tmp_path / "photos"
    photos.mkdir()
    from colorlib.io import images

    images.save_image(rgb, photos / "one.png")
    options = ["--model", str(weights), "--size", "32", "--root", str(tmp_path)]
    assert bench.main([str(photos), *options]) == 0
    rows = {row["name"]: row["values"] for row in stored_results.read("film", tmp_path)["rows"]}
    assert set(rows) == {"gray, a = b = 0", *bench.ROWS}
    assert rows["panchromatic film"]["moved"] == 0 < rows["panchromatic, faded"]["moved"]
