"""Comparisons: one protocol for all, rows that survive being stopped, a table and a page that agree."""

import csv
import json
import shutil
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.compare import (
    MODEL_FILENAME,
    ComparisonConfig,
    format_table,
    measure_latencies,
    run_comparison,
    runner,
    to_csv,
)
from colorlib.compare.experiments import EXPERIMENTS, Experiment
from colorlib.data import sample_photo_crops, sample_photos
from colorlib.data.datasets import DataSplits, TensorImages, load_dataset
from colorlib.engine.settings import TrainConfig
from colorlib.engine.trainer import Trainer
from colorlib.evaluation.evaluate import evaluate
from colorlib.recipes import RECIPES, get_recipe

NAMES = ["p2-cnn", "p3-gan", "p2-mobilenetv2-rgb"]
ASKED = ["compare", "--recipes", ",".join(NAMES), "--reduced"]
CNN = Experiment("chosen", "how good is it?", (RECIPES["p2-cnn"],))
REDUCED = ComparisonConfig("photos", 32, reduced=True, pretrained=False)


def files(folder):
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


@pytest.fixture
def untrained(monkeypatch):
    """Leave the training out; give the names of the recipes that would have been trained."""
    seen = []

    def trained(recipe, train, validation, place, *others):
        place.mkdir(parents=True)
        seen.append((recipe.name, len(train)))
        return recipe.networks()[0].eval(), {
            "epochs": 1.0,
            "photos_seen": len(train),
            "minutes": 0.0,
        }

    monkeypatch.setattr(runner, "train_recipe", trained)
    return seen


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """A folder of 61 small photos, one of them of a single colour."""
    whole, dice = [photo.image() for photo in sample_photos("all")], np.random.default_rng(0)
    place = tmp_path_factory.mktemp("album")
    for i in range(60):
        x, y = (int(dice.integers(0, side - 100)) for side in whole[i % 6].size)
        whole[i % 6].crop((x, y, x + 100, y + 100)).save(place / f"{i:02d}.png")
    Image.new("RGB", (3, 3)).save(place / "small.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLORLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield place


@pytest.fixture(scope="module")
def compared(tmp_path_factory, album):
    """A comparison of three recipes that was stopped in the second one and went on, by the command."""
    folder, trained, begun = tmp_path_factory.mktemp("compared"), runner.train_recipe, []
    asked = [*ASKED, "--data", str(album), "--out", str(folder)]

    def stopped(recipe, *others):
        begun.append(recipe.name)
        if begun.count("p3-gan") == 1 and recipe.name == "p3-gan":
            raise KeyboardInterrupt
        return trained(recipe, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "train_recipe", stopped)
        first = main(asked)
        before = files(folder / "p2-cnn")
        second = main(asked)
    protocol = ComparisonConfig(str(album), 64, reduced=True, pretrained=False, mixed=True)
    done = {"asked": asked, "begun": begun, "statuses": (first, second), "before": before}
    return SimpleNamespace(folder=folder, protocol=protocol, **done)


def test_a_stopped_comparison_goes_on_and_leaves_finished_rows_as_they_are(compared):
    assert compared.statuses == (130, 0)
    assert compared.begun == ["p2-cnn", "p3-gan", "p3-gan", "p2-mobilenetv2-rgb"]
    assert compared.before and files(compared.folder / "p2-cnn") == compared.before
    assert not list(compared.folder.glob("*/*-*/"))  # checkpoints of finished stages are gone


def test_asked_again_it_trains_nothing_and_shows_the_same_numbers(compared, untrained, capsys):
    table = (compared.folder / "table.csv").read_text()
    assert main(compared.asked) == 0
    said = capsys.readouterr().out
    assert untrained == []
    rows, again = (list(csv.DictReader(lines.splitlines())) for lines in (table, as_text(compared)))
    assert [row | {"ms": ""} for row in rows] == [row | {"ms": ""} for row in again]
    assert [line.split()[0] for line in said.splitlines()[3:8]] == ["system", "gray", *NAMES]
    assert "the recipe's epochs, random encoders, seed 0, reduced recipes" in said
    assert said.splitlines()[-2:] == [
        str(compared.folder / name) for name in ("table.csv", "index.html")
    ]


def as_text(compared):
    return (compared.folder / "table.csv").read_text()


def test_the_csv_has_the_numbers_of_the_saved_models(compared):
    rows = {row["name"]: row for row in csv.DictReader(as_text(compared).splitlines())}
    assert list(rows) == ["gray", *NAMES]
    test = compared.protocol.sets(32).test
    for name in NAMES:
        model = Colorizer.load(compared.folder / name / "model.safetensors")
        found = evaluate(model.net, test, model.scale).compute()
        for metric, number in found.items():
            if np.isnan(number):  # no pixel of that hue
                assert rows[name][metric] == ""
            else:
                assert float(rows[name][metric]) == pytest.approx(number, rel=1e-4, abs=1e-5), (
                    name,
                    metric,
                )
        assert int(rows[name]["parameters"]) == sum(
            weights.numel() for weights in model.net.parameters()
        )
        seen = (
            len(compared.protocol.sets(32).train) // 8 * 8
        )  # what is left over of a batch is dropped
        assert (
            40 <= int(rows[name]["photos_seen"]) == seen and 0.8 < float(rows[name]["epochs"]) <= 1
        )
        assert float(rows[name]["ms"]) > 0 and float(rows[name]["minutes"]) > 0
    gray = evaluate(None, test).compute()
    assert (
        float(rows["gray"]["psnr"]) == pytest.approx(gray["psnr"])
        and rows["gray"]["said_PSNR"] == ""
    )
    assert (
        rows["p2-cnn"]["said_PSNR"] == "26.443" and rows["p3-gan"]["paper_metric"] == "paper_003_l1"
    )


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, format_table):
        super().__init__()
        self.tags, self.open, self.rows, self.words = [], [], [], []
        self.feed(format_table)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("th", "td"):
            self.rows[-1][-1] += data


def test_the_page_stands_alone_and_says_what_was_measured(compared):
    page = Page((compared.folder / "index.html").read_text("utf-8"))
    assert page.open == [] and sum(tag == "h1" for tag, _ in page.tags) == 1
    assert ("html", {"lang": "en"}) in page.tags
    heads = [attrs["scope"] for tag, attrs in page.tags if tag == "th"]
    assert heads.count("row") == 4 and heads.count("col") == len(page.rows[0])
    assert [row[0] for row in page.rows] == ["system", "gray", *NAMES]
    assert {len(row) for row in page.rows} == {len(page.rows[0])}
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 1 and images[0]["src"].startswith("data:image/")
    assert images[0]["alt"].endswith(f"gray, {', '.join(NAMES)}, truth.")
    assert not any(
        value.startswith("http") for _, attrs in page.tags for value in attrs.values() if value
    )
    words = " ".join(page.words)
    assert RECIPES["p3-gan"].system in words and "peak 1" in words and "peak 2" in words
    numbers = {row["name"]: row for row in csv.DictReader(as_text(compared).splitlines())}
    place = page.rows[0].index("PSNR")
    for row in page.rows[1:]:
        assert float(row[place]) == pytest.approx(float(numbers[row[0]]["psnr"]), abs=0.006)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seed", "1"], "with seed 0, now 1: ask for the same, or name an --out"),
        (["--minutes", "2"], "with minutes None, now 2.0: ask"),
        (["--test", "scenes"], "with test None, now 'scenes': ask"),
        (["--data", "scenes"], "album0', now 'scenes': ask"),
    ],
)
def test_another_protocol_in_the_same_folder_is_refused(compared, more, said, capsys):
    before = files(compared.folder)
    assert main([*compared.asked, *more]) == 1
    error = capsys.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
    assert files(compared.folder) == before


def test_another_recipe_of_the_same_name_is_refused(untrained, tmp_path):
    rows = run_comparison(CNN, REDUCED, tmp_path)
    assert [row["name"] for row in rows] == ["gray", "p2-cnn"] and untrained == [("p2-cnn", 256)]
    assert to_csv(run_comparison(CNN, REDUCED, tmp_path)) == to_csv(rows) and len(untrained) == 1
    other = Experiment("other", "?", (RECIPES["p2-cnn"].but(settings={"lr": 1.0}),))
    with pytest.raises(
        ValueError, match=r"p2-cnn holds another recipe of this name; name another --out"
    ):
        run_comparison(other, REDUCED, tmp_path)


def test_photos_from_elsewhere_are_scored_whole(untrained, tmp_path, capsys):
    asked = [
        "compare",
        "--recipes",
        "p2-cnn",
        "--reduced",
        "--test",
        "scenes",
        "--out",
        str(tmp_path),
        "--json",
    ]
    assert main(asked) == 0
    gray, row = json.loads(capsys.readouterr().out)["rows"]
    drawn = load_dataset("scenes", 32, reduced=True).test
    assert row["pictures"] == len(drawn) and "; scored on drawn scenes" in row["about"]
    assert gray["numbers"]["psnr"] == pytest.approx(evaluate(None, drawn).compute()["psnr"])
    sets = ComparisonConfig("photos", 32, reduced=True, test="scenes").sets(32)
    assert torch.equal(sets.test.__getitems__([0, 1]), drawn.__getitems__([0, 1]))
    plain = load_dataset("photos", 32, reduced=True).train
    assert torch.equal(sets.train.__getitems__([0, 1]), plain.__getitems__([0, 1]))


def test_an_experiment_with_photos_from_elsewhere_draws_them_when_reduced(
    untrained, tmp_path, capsys
):
    assert main(["compare", "--set", "I", "--reduced", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "protocol.json").read_text())["test"] == "scenes"
    assert [name for name, _ in untrained] == [recipe.name for recipe in EXPERIMENTS["I"].recipes]


def test_shares_and_filters_change_what_is_trained_on():
    crops = sample_photo_crops(20, 96).mul(255).round().to(torch.uint8)
    mixed = torch.stack([crops, crops[:, 1:2].expand(-1, 3, -1, -1)], dim=1).flatten(
        0, 1
    )  # every other gray
    sets = DataSplits(
        TensorImages(mixed), TensorImages(mixed), TensorImages(mixed), "half of them gray"
    )
    found = Experiment(
        "x", "?", (), shares={"half": 0.5, "third": 1 / 3}, filtered=frozenset({"clean", "half"})
    )
    assert REDUCED.train_part(sets, found, "other") is sets.train
    assert torch.equal(REDUCED.train_part(sets, found, "third").__getitems__(range(13)), mixed[:13])
    assert len(REDUCED.train_part(sets, found, "third")) == 13
    clean = REDUCED.train_part(sets, found, "clean")
    assert 0 < len(clean) <= 20 and all(i % 2 == 0 for i in clean.indices)
    both = REDUCED.train_part(sets, found, "half")
    assert len(both) == round(len(clean) / 2)
    assert torch.equal(both.__getitems__(range(len(both))), clean.__getitems__(range(len(both))))


def test_a_share_reaches_the_training(untrained, tmp_path):
    cnn = RECIPES["p2-cnn"]
    found = Experiment("x", "?", (cnn, cnn.but("p2-cnn-quarter")), shares={"p2-cnn-quarter": 0.25})
    run_comparison(found, REDUCED, tmp_path)
    assert untrained == [("p2-cnn", 256), ("p2-cnn-quarter", 64)]


def test_photos_are_divided_alike_at_every_size(album):
    protocol = ComparisonConfig(str(album), 32)
    small, large = protocol.sets(32), protocol.sets(96)
    for name, share in (("train", 0.85), ("validation", 0.05), ("test", 0.1)):
        one, two = getattr(small, name), getattr(large, name)
        names = [part.dataset.names[i] for part in (one, two) for i in part.indices]
        assert names[: len(one)] == names[len(one) :]
        assert abs(len(one) - 61 * share) <= 4
        assert one.__getitems__([0]).shape[-1] == 32 and two.__getitems__([0]).shape[-1] == 96
    assert protocol.sets(32) is small


def test_latencies_let_all_have_their_turn_in_each_round():
    order = []

    class Fake(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, L):
            order.append((self.name, tuple(L.shape), self.training, torch.is_grad_enabled()))

    models = {"a": (Fake("a"), 32), "b": (Fake("b"), 96)}
    times = measure_latencies(models, rounds=3)
    assert [name for name, *_ in order] == ["a", "b"] * 5
    assert set(order) == {("a", (1, 1, 32, 32), False, False), ("b", (1, 1, 96, 96), False, False)}
    assert list(times) == ["a", "b"] and all(time >= 0 for time in times.values())


TWO = (
    RECIPES["p0"].reduced().but("two", pixel=TrainConfig(epochs=3, batch=4), settings={"batch": 4})
)
SOME = TensorImages(sample_photo_crops(8, 32).mul(255).round().to(torch.uint8))


@pytest.fixture
def timed(monkeypatch):
    """A clock that moves only while a trainer fits; give what each fit was allowed, take how long it runs."""
    state = SimpleNamespace(now=0.0, given=[], lasts=[], stop=False)

    class Fake:
        total = 2

        def __init__(self, net_g, data, settings, *, folder, net_d, **others):
            self.name, self.net_g, self.critic, self.epochs = (
                folder.name,
                net_g,
                net_d,
                settings.epochs,
            )

        def fit(self, minutes, save_every_steps):
            state.given.append((self.name, minutes, self.critic is not None, self.epochs))
            state.now += 60 * state.lasts.pop(0)
            if state.stop:
                raise KeyboardInterrupt
            return self.net_g

    monkeypatch.setattr(runner, "Trainer", Fake)
    monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic=lambda: state.now))
    return state


def test_two_stages_share_the_minutes_as_their_epochs(timed, tmp_path):
    timed.lasts = [3.0, 1.0]
    _, told = runner.train_recipe(TWO, SOME, SOME, tmp_path, 4.0, "cpu")
    assert timed.given == [
        ("1-pixel", 3.0, False, 1_000_000),
        ("2-adversarial", 1.0, True, 1_000_000),
    ]
    assert told == {"epochs": 2.0, "photos_seen": 16, "minutes": 4.0}


def test_without_minutes_stages_train_their_epochs(timed, tmp_path):
    timed.lasts = [0.5, 0.5]
    runner.train_recipe(TWO, SOME, SOME, tmp_path, None, "cpu")
    assert timed.given == [("1-pixel", None, False, 3), ("2-adversarial", None, True, 1)]


def test_time_counts_over_interruptions(timed, tmp_path):
    timed.lasts, timed.stop = [2.0], True
    with pytest.raises(KeyboardInterrupt):
        runner.train_recipe(TWO, SOME, SOME, tmp_path, 4.0, "cpu")
    timed.now, timed.lasts, timed.stop = 1e6, [1.0, 1.0], False  # another process, another clock
    _, told = runner.train_recipe(TWO, SOME, SOME, tmp_path, 4.0, "cpu")
    assert [minutes for _, minutes, *_ in timed.given] == [3.0, pytest.approx(1.0), 1.0]
    assert told["minutes"] == pytest.approx(4.0)
    timed.lasts = [0.0, 0.0]  # all is spent
    runner.train_recipe(TWO, SOME, SOME, tmp_path, 4.0, "cpu")
    assert [minutes for _, minutes, *_ in timed.given[-2:]] == [0.0, 0.0]


def test_stopped_within_a_stage_it_goes_on_from_the_checkpoint(tmp_path, monkeypatch):
    fit, totals = Trainer.fit, []

    def part(self, **how):
        before, net = self.total, fit(self, **how | {"max_steps": 3 if not totals else None})
        totals.append((self.folder.name, before, self.total))
        if len(totals) == 1:
            raise KeyboardInterrupt
        return net

    monkeypatch.setattr(Trainer, "fit", part)
    tiny = TWO.but(generator={"width": 4}, critic={"width": 4})
    with pytest.raises(KeyboardInterrupt):
        runner.train_recipe(tiny, SOME, SOME, tmp_path / "parts", None, "cpu")
    net, told = runner.train_recipe(tiny, SOME, SOME, tmp_path / "parts", None, "cpu")
    assert (
        totals == [("1-pixel", 0, 3), ("1-pixel", 0, 6), ("2-adversarial", 0, 2)]
        and told["epochs"] == 4
    )
    other, _ = runner.train_recipe(tiny, SOME, SOME, tmp_path / "whole", None, "cpu")
    one, two = net.state_dict(), other.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_the_screen_has_a_column_for_each_heading_and_says_nothing_of_what_there_is_not():
    numbers = {"psnr": 21.5, "paper_002_psnr": 25.0}
    row = {
        "name": "a",
        "numbers": numbers,
        "said": {"PSNR": 26.4},
        "metric": "paper_002_psnr",
        "size": 64,
    }
    shown = format_table([row])
    found = dict(zip(*shown, strict=True))
    assert found["paper's number"] == "26.40" and found["its metric here"] == "25.00"
    assert found["pixels"] == "64" and found["ms"] == ""
    assert next(csv.DictReader(to_csv([row]).splitlines()))["psnr"] == "21.5"


def test_without_words_it_lists_the_sets(capsys):
    assert main(["compare"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    assert lines[0].endswith("13 recipes") and lines[-1].endswith("24 recipes")
    assert main(["compare", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["D"] == ["p0", "p0-image-critic"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "M"], "there is no set 'M'; expected one of all, paper-000"),
        (["--recipes", "p2-cnn,p9"], "there is no recipe 'p9'; expected one of p0"),
        (["--set", "A", "--recipes", "p0"], "--set and --recipes were given; expected one of them"),
        (["--recipes", "p2-cnn", "--reduced", "--data", "nowhere"], "nowhere was found nowhere"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *words]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_files_of_a_comparison_that_failed_at_once_stop_no_other(tmp_path, untrained, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "--recipes", "p2-cnn", "--reduced", "--data", "nowhere"]) == 1
    assert main(["compare", "--recipes", "p2-cnn", "--reduced"]) == 0
    shutil.rmtree("comparisons")


def test_what_is_the_same_training_under_a_protocol_is_trained_once(tmp_path):
    one, two = get_recipe("p0"), get_recipe("p4-l1")
    protocol = ComparisonConfig("photos", 32, minutes=0.001, reduced=True, pretrained=False)
    _, first, second = run_comparison(Experiment("x", "?", (one, two)), protocol, tmp_path)
    assert (second["as"], second["name"], second["paper"]) == ("p0", "p4-l1", "004")
    assert second["numbers"] == first["numbers"] and "as" not in first
    files = [(tmp_path / name / MODEL_FILENAME).read_bytes() for name in ("p0", "p4-l1")]
    assert files[0] == files[1]
    _, _, again = run_comparison(Experiment("x", "?", (one, two)), protocol, tmp_path)
    assert again == second
