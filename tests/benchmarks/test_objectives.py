"""The benchmark of reconstruction losses: its recipes, its rows, and the table that it writes."""

import json
import shutil

import pytest

from benchmarks import objectives as bench
from colorlib import data
from colorlib.color import to_uint8
from colorlib.io.images import tensor_to_image
from course.tool import stored_results
from course.tool.course_config import ROOT


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    crops = to_uint8(data.sample_photo_crops(72, 64, seed=0))
    for number, crop in enumerate(crops):
        tensor_to_image(crop[None]).save(folder / f"{number}.png")
    return folder


def test_every_objective_is_a_recipe_that_differs_in_the_loss_only():
    recipes = [bench.recipe(name) for name in bench.OBJECTIVES]
    assert len({(r.pixel.reconstruction, r.pixel.uniform_share) for r in recipes}) == len(recipes)
    for recipe in recipes:
        assert list(recipe.stages) == ["1-pixel"] and recipe.data == recipes[0].data
        bins = recipe.generator["num_bins"]
        assert bins == (recipe.scaler.out_channels if recipe.pixel.predicts_bins else 0)


def test_table_has_a_row_for_each_loss_and_temperature(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "SCORED", 2)
    monkeypatch.setattr(bench, "TEMPERATURES", (0.0, 1.0))
    chosen = {name: bench.OBJECTIVES[name] for name in ("minus PSNR", "bins")}
    monkeypatch.setattr(bench, "OBJECTIVES", chosen)
    small = bench.EVERYTHING.replace(generator={"num_blocks": 12, "base_channels": 4})
    monkeypatch.setattr(bench, "EVERYTHING", small)
    root = tmp_path / "course"
    (root / stored_results.FOLDER).mkdir(parents=True)
    schema = f"{stored_results.FOLDER}/{stored_results.SCHEMA}"
    shutil.copy(ROOT / schema, root / schema)
    bench.main(photos, seeds=(0, 1), root=root)
    table = json.loads((root / stored_results.FOLDER / "objectives.json").read_text())
    rows = {row["name"]: row["values"] for row in table["rows"]}
    decoded = [f"bins, T = {temperature:g}" for temperature in bench.TEMPERATURES]
    assert list(rows) == ["gray", "minus PSNR", *decoded]
    colors = [rows[name]["colourfulness / true"]["mean"] for name in decoded]
    assert colors[0] > colors[-1]  # the mode is more colourful than the mean
    assert rows["minus PSNR"]["RGB PSNR, dB"]["n"] == 2
