"""The benchmark of hints: true colours at random places, and the table that it writes."""

import json

import pytest
import torch

from benchmarks import hints as bench
from colorlib.color import to_uint8
from colorlib.io.images import image_to_tensor
from colorlib.metrics import gray_baseline, mse, psnr
from course.tool import stored_results


@pytest.fixture
def photos(make_photos):
    return make_photos(2)


def test_hints_are_true_and_the_first_ones_stay():
    rgb = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    few, more = bench.random_hints(rgb, 3, seed=1), bench.random_hints(rgb, 10, seed=1)
    assert more[:3] == few and bench.random_hints(rgb, 3, seed=2) != few
    for hint in more:
        color = bytes(to_uint8(rgb[0, :, hint.y, hint.x]).tolist()).hex()
        assert hint.color == f"#{color}"


def test_table_has_a_row_for_each_number_of_hints(photos, course_root, monkeypatch):
    monkeypatch.setattr(bench, "SIZE", 64)
    monkeypatch.setattr(bench, "COUNTS", (0, 1, 20))
    bench.main(photos, count=2, seeds=(0, 1), root=course_root)
    table = json.loads((course_root / stored_results.FOLDER / "hints.json").read_text("utf-8"))
    rows = {row["name"]: row["values"] for row in table["rows"]}
    assert list(rows) == ["0 hints", "1 hint", "20 hints"]
    assert rows["0 hints"][bench.BOTH] == rows["20 hints"][bench.NETWORK]
    rgb = torch.cat([image_to_tensor(path) for path in sorted(photos.iterdir())])
    gray = psnr(mse(gray_baseline(rgb), rgb), peak=1).mean().item()
    assert rows["0 hints"][bench.ALONE] == pytest.approx(gray, abs=0.05)
    assert rows["20 hints"][bench.ALONE]["mean"] > gray + 3
    assert rows["20 hints"][bench.BOTH]["mean"] > rows["0 hints"][bench.BOTH] + 1
    assert rows["20 hints"][bench.BOTH]["n"] == 2
