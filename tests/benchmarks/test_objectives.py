"""The benchmark of reconstruction losses: its recipes, its rows, and the table that it writes."""

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from benchmarks import objectives as bench
from course.tool import stored_results


@pytest.fixture
def photos(make_photos):
    return make_photos(72)


def test_every_objective_is_a_recipe_that_differs_in_the_loss_only():
    hybrid = "hybrid of both"
    assert bench.OBJECTIVES[hybrid] == bench.OBJECTIVES["bins"]  # its loss has a part more
    recipes = [bench.recipe(name) for name in bench.OBJECTIVES if name != hybrid]
    assert len({(r.pixel.reconstruction, r.pixel.uniform_share) for r in recipes}) == len(recipes)
    for recipe in recipes:
        assert list(recipe.stages) == ["1-pixel"] and recipe.data == recipes[0].data
        bins = recipe.generator["num_bins"]
        assert bins == (recipe.scaler.out_channels if recipe.pixel.predicts_bins else 0)


def test_table_has_a_row_for_each_loss_and_temperature(photos, course_root, monkeypatch):
    monkeypatch.setattr(bench, "SCORED", 2)
    monkeypatch.setattr(bench, "TEMPERATURES", (0.0, 1.0))
    chosen = {name: bench.OBJECTIVES[name] for name in ("minus PSNR", "hybrid of both")}
    monkeypatch.setattr(bench, "OBJECTIVES", chosen)
    small = bench.EVERYTHING.replace(generator={"num_blocks": 12, "base_channels": 4})
    monkeypatch.setattr(bench, "EVERYTHING", small)
    bench.main(photos, seeds=(0, 1), root=course_root)
    table = json.loads((course_root / stored_results.FOLDER / "objectives.json").read_text())
    rows = {row["name"]: row["values"] for row in table["rows"]}
    decoded = [f"hybrid of both, T = {temperature:g}" for temperature in bench.TEMPERATURES]
    single = ["minus PSNR, mean of the networks", "minus PSNR, distilled from it"]
    assert list(rows) == ["gray", "minus PSNR", *decoded, *single]
    colors = [rows[name]["colourfulness / true"]["mean"] for name in decoded]
    assert colors[0] > colors[-1]  # the mode is more colourful than the mean
    assert rows["minus PSNR"]["RGB PSNR, dB"]["n"] == 2
    assert isinstance(rows[single[0]]["RGB PSNR, dB"], float)


def test_hybrid_adds_the_distance_of_the_mean_color():
    config = bench.recipe("hybrid of both").pixel
    logits = torch.randn(2, bench.BINS.out_channels, 4, 4, generator=torch.manual_seed(0))
    real = torch.zeros(2, 2, 16, 16)
    mean = torch.einsum("nkhw,kc->nchw", logits.softmax(1), bench.BINS.bins.centers) / 110
    mse = F.interpolate(mean, scale_factor=4, mode="bilinear").square().mean(dim=(1, 2, 3))
    images = TensorDataset(real)
    extra = bench.HybridObjective(config, images)(real, logits) - bench.Objective(config, images)(
        real, logits
    )
    expected = bench.HYBRID_WEIGHT * 10 * (mse + 1e-4).log10().mean()
    torch.testing.assert_close(extra, expected, atol=1e-4, rtol=1e-4)


def test_a_distilled_network_learns_from_its_teacher():
    config = bench.recipe("minus PSNR").pixel
    net = nn.Conv2d(1, 2, 1)
    trainer = bench.DistillingTrainer(net, TensorDataset(torch.zeros(32, 1)), config)
    trainer.teacher = bench.MeanOfNetworks([nn.Identity(), nn.Conv2d(1, 1, 1)])
    for weights in trainer.teacher.nets[1].parameters():
        nn.init.zeros_(weights)
    L, real = torch.full((2, 1, 4, 4), 0.8), torch.zeros(2, 2, 4, 4)
    targets = []
    trainer.objective = lambda target, output: targets.append(target) or output.mean()
    trainer.train_step(L, real)
    torch.testing.assert_close(targets[0], torch.full_like(real, 0.2), atol=2e-3, rtol=0)
