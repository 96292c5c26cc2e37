"""The benchmarks of a release: the final table, the choices before it, and the blind test."""

import argparse
import json
import shutil

import pytest

from benchmarks import blind_test, choices, shipped
from colorlib import data, pretrained
from colorlib.io.images import tensor_to_image
from course.tool import stored_results
from course.tool.course_config import ROOT


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, crop in enumerate(data.sample_photo_crops(2, 64, seed=0)):
        tensor_to_image(crop[None]).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def root(tmp_path):
    schema = f"{stored_results.FOLDER}/{stored_results.SCHEMA}"
    (tmp_path / schema).parent.mkdir(parents=True)
    shutil.copy(ROOT / schema, tmp_path / schema)
    return tmp_path


@pytest.fixture(autouse=True)
def small_photos(monkeypatch):
    monkeypatch.setattr(shipped, "SIZE", 64)
    monkeypatch.setattr(choices, "SIZE", 64)
    monkeypatch.setattr(blind_test, "SIZE", 64)


def test_shipped_scores_other_weights_beside_the_pretrained_ones(photos, root):
    weights = pretrained.weights_path("plain")
    shipped.main({"mine": photos}, {"before": weights}, root)
    table = json.loads((root / stored_results.FOLDER / "shipped.json").read_text())
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
