"""The benchmarks of a release: the final table, the choices before it, and the blind test."""

import argparse
import dataclasses
import json

import pytest
import torch

from benchmarks import averaging, blind_test, choices, shipped
from colorlib import data, pretrained
from colorlib.evaluation.evaluate import ResizedModel
from course.tool import stored_results


@pytest.fixture
def photos(make_photos):
    return make_photos(2)


@pytest.fixture(autouse=True)
def small_photos(monkeypatch):
    monkeypatch.setattr(shipped, "SIZE", 64)
    monkeypatch.setattr(averaging, "SIZE", 64)
    monkeypatch.setattr(choices, "SIZE", 64)
    monkeypatch.setattr(blind_test, "SIZE", 64)


def test_shipped_scores_other_weights_beside_the_pretrained_ones(photos, course_root):
    weights = pretrained.weights_path("plain")
    shipped.main({"mine": photos}, {"before": weights}, course_root)
    table = json.loads((course_root / stored_results.FOLDER / "shipped.json").read_text())
    rows = {row["name"]: row["values"] for row in table["rows"]}
    assert list(rows) == ["mine: gray", "mine: plain", "mine: vivid", "mine: before"]
    assert rows["mine: before"] == rows["mine: plain"] != rows["mine: vivid"]
    gain = rows["mine: plain"]["RGB PSNR, dB"] - rows["mine: gray"]["RGB PSNR, dB"]
    assert rows["mine: plain"]["above gray, dB"] == pytest.approx(gain)
    assert str(weights) not in json.dumps(table)


def test_choices_of_a_larger_gain_are_more_colorful(photos, capsys):
    options = argparse.Namespace(
        weights=[("plain", pretrained.weights_path("plain"))],
        photos=[("mine", photos)],
        sizes=[64],
        gains=[0.5, 1.0],
        max_photos=2,
        store=None,
    )
    choices.main(options)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" {")[0] for line in lines] == [
        "plain, seen at 64, gain 0.5",
        "plain, seen at 64, gain 1",
    ]
    ratios = [float(line.rpartition(": ")[2].rstrip("}")) for line in lines]
    assert ratios[0] < ratios[1]


def test_blind_test_counts_who_comes_before_whom(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(blind_test, "FOLDER", tmp_path / "sheets")
    monkeypatch.setattr(blind_test, "ROOT", tmp_path)
    models = {"old": str(pretrained.weights_path("plain")), "new": "vivid"}
    blind_test.draw(models, [photos], count=2, seed=3)
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == ["sheet-00.png"]
    wanted = ["truth", "new", "old"]
    hidden = blind_test.orders(["old", "new"], 2, seed=3)
    answers = ["".join("ABC"[order.index(name)] for name in wanted) for order in hidden]
    (tmp_path / "sheets" / "answers.txt").write_text("\n".join(answers))
    capsys.readouterr()
    blind_test.score(models, count=2, seed=3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "old before new: 0 of 2",
        "old before truth: 0 of 2",
        "new before truth: 0 of 2",
    ]
    (tmp_path / "sheets" / "answers.txt").write_text("ABC\nABB")
    with pytest.raises(SystemExit, match="2 answers; expected 2, each such as BCA"):
        blind_test.score(models, count=2, seed=3)


def test_averaging_measures_the_way_that_the_library_takes(monkeypatch):
    monkeypatch.setattr("colorlib.colorizer.amp_dtype", lambda device: None)  # 16 bits round
    model = dataclasses.replace(pretrained.load("plain"), image_size=64)
    assert model.tta
    L = data.sample_photo_crops(1, 96, seed=0)[:, :1] * 2 - 1  # larger than the network sees it
    found = {
        way: averaging.AveragingModel(model, views)(L) for way, views in averaging.WAYS.items()
    }
    shipped_way = found["the photo, and its mirror image at 3/4"]
    assert torch.allclose(shipped_way, ResizedModel(model)(L), atol=1e-5)
    for way, ab in found.items():
        views = averaging.WAYS[way]
        same = averaging.AveragingModel(model, views)(L.flip(-1)).flip(-1)
        is_symmetric = {(share, not mirrored) for share, mirrored in views} == set(views)
        assert torch.allclose(ab, same, atol=1e-5) == is_symmetric
    costs = [averaging.cost(views) for views in averaging.WAYS.values()]
    assert costs == [1, 2, 1.5625, 1.5625, 3.125]


def test_averaging_table_has_every_way_on_every_folder(photos, capsys):
    options = argparse.Namespace(
        folders=[("mine", photos)], model="vivid", max_photos=2, store=None
    )
    averaging.main(options)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" {")[0] for line in lines] == list(averaging.WAYS)
    assert all("mine: above gray, dB" in line for line in lines)
