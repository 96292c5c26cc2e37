"""Comparisons: one configuration for all, rows that survive being stopped, a table and a report."""

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
    training,
)
from colorlib.compare.experiments import EXPERIMENTS, Experiment
from colorlib.data import sample_photo_crops, sample_photos
from colorlib.data.datasets import DataSplits, TensorImages, load_dataset
from colorlib.evaluation.evaluate import evaluate
from colorlib.recipes import RECIPES, get_recipe
from colorlib.training import TrainConfig, Trainer

NAMES = ["p2-cnn", "p3-gan", "p2-mobilenetv2-rgb"]
CNN = Experiment("chosen", "how good is it?", (RECIPES["p2-cnn"],))
REDUCED = ComparisonConfig("photos", 32, reduced=True, pretrained=False)


def read_files(folder):
    files = [
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".lock")
    ]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def read_csv(text):
    return {row["name"]: row for row in csv.DictReader(text.splitlines())}


@pytest.fixture
def trained(monkeypatch):
    """Replace training; return the recipes that would be trained, with the number of photos."""
    trained = []

    def train_recipe(recipe, train, validation, folder, max_minutes, device):
        folder.mkdir(parents=True)
        trained.append((recipe.name, len(train)))
        net_g, _ = recipe.build_networks()
        return net_g.eval(), {"epochs": 1.0, "photos_seen": len(train), "minutes": 0.0}

    monkeypatch.setattr(runner, "train_recipe", train_recipe)
    return trained


@pytest.fixture(scope="module")
def photo_folder(tmp_path_factory):
    """Return a folder of 61 small photos, one of them of a single colour."""
    photos, rng = [photo.image() for photo in sample_photos("all")], np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("photos")
    for i in range(60):
        photo = photos[i % 6]
        x, y = (int(rng.integers(0, side - 100)) for side in photo.size)
        photo.crop((x, y, x + 100, y + 100)).save(folder / f"{i:02d}.png")
    Image.new("RGB", (3, 3)).save(folder / "small.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLORLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield folder


@pytest.fixture(scope="module")
def compared(tmp_path_factory, photo_folder):
    """Run the command for three recipes; it is stopped in the second one and run again."""
    folder, train_recipe = tmp_path_factory.mktemp("compared"), runner.train_recipe
    command = ["compare", "--recipes", ",".join(NAMES), "--reduced"]
    command += ["--data", str(photo_folder), "--out", str(folder)]
    started = []

    def stop_once(recipe, *args):
        started.append(recipe.name)
        if started == ["p2-cnn", "p3-gan"]:
            raise KeyboardInterrupt
        return train_recipe(recipe, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "train_recipe", stop_once)
        stopped = main(command)
        first_row = read_files(folder / "p2-cnn")
        finished = main(command)
    return SimpleNamespace(
        folder=folder,
        command=command,
        started=started,
        statuses=(stopped, finished),
        first_row=first_row,
        config=ComparisonConfig(str(photo_folder), 64, reduced=True, pretrained=False, amp=True),
    )


def test_stopped_comparison_resumes_and_keeps_finished_rows(compared):
    assert compared.statuses == (130, 0)
    assert compared.started == ["p2-cnn", "p3-gan", "p3-gan", "p2-mobilenetv2-rgb"]
    assert compared.first_row and read_files(compared.folder / "p2-cnn") == compared.first_row
    assert not list(compared.folder.glob("*/*-*/"))  # checkpoints of finished stages are removed


def test_finished_comparison_is_shown_again(compared, trained, capsys):
    before = read_csv((compared.folder / "table.csv").read_text())
    assert main(compared.command) == 0
    output = capsys.readouterr().out
    after = read_csv((compared.folder / "table.csv").read_text())
    assert trained == []
    for name, row in before.items():
        assert row | {"ms": ""} == after[name] | {"ms": ""}
    lines = output.splitlines()
    assert [line.split()[0] for line in lines[3:8]] == ["system", "gray", *NAMES]
    assert "the recipe's epochs, random encoders, seed 0, reduced recipes" in output
    assert lines[-2:] == [str(compared.folder / name) for name in ("table.csv", "index.html")]


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_the_numbers_of_the_saved_model(compared, name):
    row = read_csv((compared.folder / "table.csv").read_text())[name]
    splits = compared.config.load_data(32)
    model = Colorizer.load(compared.folder / name / "model.safetensors")
    numbers = evaluate(model.net, splits.test, model.scaler).compute()
    for metric, number in numbers.items():
        if np.isnan(number):  # no pixel of that hue
            assert row[metric] == ""
        else:
            assert float(row[metric]) == pytest.approx(number, rel=1e-4, abs=1e-5), metric
    parameters = sum(weights.numel() for weights in model.net.parameters())
    assert int(row["parameters"]) == parameters
    whole_batches = len(splits.train) // 8 * 8
    assert 40 <= int(row["photos_seen"]) == whole_batches and 0.8 < float(row["epochs"]) <= 1
    assert float(row["ms"]) > 0 and float(row["minutes"]) > 0


def test_csv_has_gray_first_and_the_papers_numbers(compared):
    rows = read_csv((compared.folder / "table.csv").read_text())
    assert list(rows) == ["gray", *NAMES]
    gray = evaluate(None, compared.config.load_data(32).test).compute()
    assert float(rows["gray"]["psnr"]) == pytest.approx(gray["psnr"])
    assert rows["gray"]["reported_PSNR"] == ""
    assert rows["p2-cnn"]["reported_PSNR"] == "26.443"
    assert rows["p3-gan"]["paper_metric"] == "paper_003_l1"


class Page(HTMLParser):
    """The tags, table rows and words of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.rows, self.words = [], [], [], []
        self.feed(html)

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


def test_report_is_one_accessible_file_with_every_number(compared):
    page = Page((compared.folder / "index.html").read_text("utf-8"))
    assert page.open == [] and sum(tag == "h1" for tag, _ in page.tags) == 1
    assert ("html", {"lang": "en"}) in page.tags
    scopes = [attrs["scope"] for tag, attrs in page.tags if tag == "th"]
    assert scopes.count("row") == 4 and scopes.count("col") == len(page.rows[0])
    assert [row[0] for row in page.rows] == ["system", "gray", *NAMES]
    assert {len(row) for row in page.rows} == {len(page.rows[0])}
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 1 and images[0]["src"].startswith("data:image/")
    assert images[0]["alt"].endswith(f"gray, {', '.join(NAMES)}, truth.")
    links = [value for _, attrs in page.tags for value in attrs.values() if value]
    assert not any(value.startswith("http") for value in links)
    words = " ".join(page.words)
    assert RECIPES["p3-gan"].description in words and "peak 1" in words and "peak 2" in words
    rows, column = read_csv((compared.folder / "table.csv").read_text()), page.rows[0].index("PSNR")
    for row in page.rows[1:]:
        assert float(row[column]) == pytest.approx(float(rows[row[0]]["psnr"]), abs=0.006)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "1"], "with seed 0, now 1: use the same options, or choose another --out"),
        (["--max-minutes", "2"], "with max_minutes None, now 2.0: use"),
        (["--test-data", "scenes"], "with test_data None, now 'scenes': use"),
        (["--data", "scenes"], "', now 'scenes': use"),
    ],
)
def test_another_configuration_in_the_same_folder_is_refused(compared, options, message, capsys):
    before = read_files(compared.folder)
    assert main([*compared.command, *options]) == 1
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1
    assert read_files(compared.folder) == before


@pytest.mark.parametrize("changes", [{"config": {"lr": 1.0}}, {"generator": {"out_channels": 3}}])
def test_another_recipe_of_the_same_name_is_refused(changes, trained, tmp_path):
    rows = run_comparison(CNN, REDUCED, tmp_path)
    assert [row["name"] for row in rows] == ["gray", "p2-cnn"] and trained == [("p2-cnn", 256)]
    assert to_csv(run_comparison(CNN, REDUCED, tmp_path)) == to_csv(rows) and len(trained) == 1
    other = Experiment("other", "?", (RECIPES["p2-cnn"].replace(**changes),))
    message = "p2-cnn holds another recipe of this name; choose another --out"
    with pytest.raises(ValueError, match=message):
        run_comparison(other, REDUCED, tmp_path)


def test_a_recipe_with_another_stage_is_refused(trained, tmp_path):
    recipe = RECIPES["p0"]
    without = recipe.replace(pixel=recipe.adversarial, adversarial=None, discriminator=None)
    run_comparison(Experiment("one", "?", (recipe,)), REDUCED, tmp_path)
    with pytest.raises(ValueError, match="another recipe of this name"):
        run_comparison(Experiment("two", "?", (without,)), REDUCED, tmp_path)


def test_test_data_from_elsewhere_is_scored_whole(trained, tmp_path, capsys):
    command = ["compare", "--recipes", "p2-cnn", "--reduced", "--test-data", "scenes"]
    assert main([*command, "--out", str(tmp_path), "--json"]) == 0
    gray, row = json.loads(capsys.readouterr().out)["rows"]
    scenes = load_dataset("scenes", 32, reduced=True).test
    assert row["num_images"] == len(scenes) and "; scored on drawn scenes" in row["data"]
    psnr = evaluate(None, scenes).compute()["psnr"]
    assert gray["numbers"]["psnr"] == pytest.approx(psnr)
    config = ComparisonConfig("photos", 32, reduced=True, test_data="scenes")
    splits, photos = config.load_data(32), load_dataset("photos", 32, reduced=True)
    assert torch.equal(splits.test[0], scenes[0])
    assert torch.equal(splits.train[0], photos.train[0])


def test_experiment_with_other_test_data_draws_scenes_when_reduced(trained, tmp_path):
    assert main(["compare", "--experiment", "I", "--reduced", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "config.json").read_text())["test_data"] == "scenes"
    assert [name for name, _ in trained] == [recipe.name for recipe in EXPERIMENTS["I"].recipes]


def test_fractions_and_filters_change_the_training_photos():
    crops = sample_photo_crops(20, 96).mul(255).round().to(torch.uint8)
    gray_copies = crops[:, 1:2].expand(-1, 3, -1, -1)
    mixed = TensorImages(torch.stack([crops, gray_copies], dim=1).flatten(0, 1))
    splits = DataSplits(mixed, mixed, mixed, "half of them gray")
    experiment = Experiment(
        name="x",
        question="?",
        recipes=(),
        train_fractions={"half": 0.5, "third": 1 / 3},
        filtered=frozenset({"clean", "half"}),
    )

    def subset(name):
        return REDUCED.train_subset(splits, experiment, name)

    assert subset("other") is mixed
    third = subset("third").indices
    assert len(third) == 13 and third == sorted(third) and third != list(range(13))
    clean = list(subset("clean"))
    assert 0 < len(clean) <= 20
    colored = [i for i in range(0, 40, 2) if any(torch.equal(mixed[i], one) for one in clean)]
    assert len(colored) == len(clean)
    half = list(subset("half"))
    assert len(half) == round(len(clean) / 2)
    assert all(any(torch.equal(one, other) for other in clean) for one in half)


def test_own_splits_of_paper_001_set_apart_only_training_photos(photo_folder):
    config = ComparisonConfig(str(photo_folder), 32)
    photos = config.load_data(32).train.dataset
    test, parts = set(config.load_data(32).test.indices), []
    for percent in (70, 80, 90):
        splits = config.load_data(32, percent / 100)
        train, validation = set(splits.train.indices), set(splits.validation.indices)
        assert not train & validation and len(train | validation) == len(photos)
        assert abs(len(train) - percent / 100 * len(photos)) <= 6
        assert set(splits.test.indices) == test and test <= validation
        parts.append(train)
    assert parts[0] < parts[1] < parts[2]


def test_own_split_reaches_the_training(trained, tmp_path):
    p1 = RECIPES["p1"]
    experiment = Experiment("x", "?", (p1, p1.replace("p1-70")), own_splits={"p1-70": 0.7})
    run_comparison(experiment, REDUCED, tmp_path)
    assert trained == [("p1", 256), ("p1-70", 179)]


def test_fraction_reaches_the_training(trained, tmp_path):
    cnn = RECIPES["p2-cnn"]
    recipes = (cnn, cnn.replace("p2-cnn-quarter"))
    experiment = Experiment("x", "?", recipes, train_fractions={"p2-cnn-quarter": 0.25})
    run_comparison(experiment, REDUCED, tmp_path)
    assert trained == [("p2-cnn", 256), ("p2-cnn-quarter", 64)]


@pytest.mark.parametrize("test_data", [None, "scenes"])
def test_photos_are_split_alike_at_every_size(photo_folder, test_data):
    config = ComparisonConfig(str(photo_folder), 32, test_data=test_data)
    small, large = config.load_data(32), config.load_data(96)
    fractions = {"train": 0.85, "validation": 0.05, "test": 0.1}
    if test_data is not None:
        fractions = {"train": 0.95, "validation": 0.05}
    for name, fraction in fractions.items():
        one, two = getattr(small, name), getattr(large, name)
        assert [one.dataset.names[i] for i in one.indices] == [
            two.dataset.names[i] for i in two.indices
        ]
        assert abs(len(one) - 61 * fraction) <= 4
        assert one[0].shape[-1] == 32 and two[0].shape[-1] == 96
    assert config.load_data(32) is small


def test_latencies_are_measured_in_turns():
    calls = []

    class Spy(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, L):
            calls.append((self.name, tuple(L.shape), self.training, torch.is_grad_enabled()))

    latencies = measure_latencies({"a": (Spy("a"), 32), "b": (Spy("b"), 96)}, rounds=3)
    one_round = [("a", (1, 1, 32, 32), False, False), ("b", (1, 1, 96, 96), False, False)]
    assert calls == one_round * 5
    assert list(latencies) == ["a", "b"] and all(time >= 0 for time in latencies.values())


TWO_STAGES = (
    RECIPES["p0"]
    .reduced()
    .replace("two", pixel=TrainConfig(epochs=3), config={"batch_size": 4})
    .replace(generator={"base_channels": 4}, discriminator={"base_channels": 4})
)
EIGHT_IMAGES = TensorImages(sample_photo_crops(8, 32).mul(255).round().to(torch.uint8))


def train(folder, max_minutes=None):
    return training.train_recipe(
        TWO_STAGES, EIGHT_IMAGES, EIGHT_IMAGES, folder, max_minutes, device="cpu"
    )


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that moves only in ``Trainer.fit``, with what each fit was allowed."""
    clock = SimpleNamespace(now=0.0, fits=[], durations=[], stop=False)
    real_fit = Trainer.fit

    def fit(self, max_minutes, save_every_steps):
        clock.fits.append(
            (self.folder.name, max_minutes, self.net_d is not None, self.config.epochs)
        )
        net = real_fit(self, max_steps=2)
        clock.now += 60 * clock.durations.pop(0)
        if clock.stop:
            raise KeyboardInterrupt
        return net

    monkeypatch.setattr(Trainer, "fit", fit)
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_stages_share_the_minutes_in_proportion_to_their_epochs(clock, tmp_path):
    clock.durations = [3.0, 1.0]
    _, effort = train(tmp_path, max_minutes=4.0)
    assert clock.fits == [
        ("1-pixel", 3.0, False, 1_000_000),
        ("2-adversarial", 1.0, True, 1_000_000),
    ]
    assert effort == {"epochs": 2.0, "photos_seen": 16, "minutes": 4.0}


def test_without_minutes_stages_train_their_epochs(clock, tmp_path):
    clock.durations = [0.5, 0.5]
    train(tmp_path)
    assert clock.fits == [("1-pixel", None, False, 3), ("2-adversarial", None, True, 1)]


def test_time_counts_over_interruptions(clock, tmp_path):
    clock.durations, clock.stop = [2.0], True
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, max_minutes=4.0)
    clock.now, clock.durations, clock.stop = 1e6, [1.0, 1.0], False  # another process
    _, effort = train(tmp_path, max_minutes=4.0)
    assert [minutes for _, minutes, *_ in clock.fits] == [3.0, pytest.approx(1.0), 1.0]
    assert effort["minutes"] == pytest.approx(4.0)
    clock.durations = [0.0, 0.0]  # no time is left
    train(tmp_path, max_minutes=4.0)
    assert [minutes for _, minutes, *_ in clock.fits[-2:]] == [0.0, 0.0]


def test_stage_resumes_from_its_checkpoint(tmp_path, monkeypatch):
    real_fit, stages = Trainer.fit, []

    def fit(self, **options):
        stages.append(self.folder.name)
        if len(stages) == 1:
            real_fit(self, **options | {"max_steps": 3})
            raise KeyboardInterrupt
        return real_fit(self, **options)

    monkeypatch.setattr(Trainer, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "in parts")
    net, effort = train(tmp_path / "in parts")
    assert stages == ["1-pixel", "1-pixel", "2-adversarial"] and effort["epochs"] == 4
    at_once, _ = train(tmp_path / "at once")
    assert all(map(torch.equal, net.state_dict().values(), at_once.state_dict().values()))


def test_table_leaves_missing_values_empty():
    row = {
        "name": "a",
        "numbers": {"psnr": 21.5, "paper_002_psnr": 25.0},
        "reported": {"PSNR": 26.4},
        "metric": "paper_002_psnr",
        "image_size": 64,
    }
    headings, cells = format_table([row])
    found = dict(zip(headings, cells, strict=True))
    assert found["paper's number"] == "26.40" and found["its metric here"] == "25.00"
    assert found["pixels"] == "64" and found["ms"] == ""
    assert read_csv(to_csv([row]))["a"]["psnr"] == "21.5"


def test_command_without_options_lists_the_experiments(capsys):
    assert main(["compare"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    assert lines[0].endswith("13 recipes") and lines[-1].endswith("24 recipes")
    assert main(["compare", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["D"] == ["p0", "p0-image-discriminator"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--experiment", "M"], "there is no experiment 'M'; expected one of all, paper-000"),
        (["--recipes", "p2-cnn,p9"], "there is no recipe 'p9'; expected one of p0"),
        (
            ["--experiment", "A", "--recipes", "p0"],
            "--experiment and --recipes were given; expected one of them",
        ),
        (["--recipes", "p2-cnn", "--reduced", "--data", "nowhere"], "nowhere"),
    ],
)
def test_impossible_comparison_is_one_sentence(options, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *options]) == 1
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_failed_comparison_does_not_block_the_next_one(tmp_path, trained, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "--recipes", "p2-cnn", "--reduced", "--data", "nowhere"]) == 1
    assert main(["compare", "--recipes", "p2-cnn", "--reduced"]) == 0
    shutil.rmtree("comparisons")


def test_recipes_that_are_the_same_training_are_trained_once(tmp_path, caplog):
    experiment = Experiment("x", "?", (get_recipe("p0"), get_recipe("p4-l1")))
    config = ComparisonConfig("photos", 32, max_minutes=0.001, reduced=True, pretrained=False)
    _, first, second = run_comparison(experiment, config, tmp_path)
    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert first["epochs"] < 1 and "p0 saw" in warning.getMessage()
    assert "expected all of them once or more" in warning.getMessage()
    assert (second["same_as"], second["name"], second["paper"]) == ("p0", "p4-l1", "004")
    assert second["numbers"] == first["numbers"] and "same_as" not in first
    weights = [(tmp_path / name / MODEL_FILENAME).read_bytes() for name in ("p0", "p4-l1")]
    assert weights[0] == weights[1]
    _, _, again = run_comparison(experiment, config, tmp_path)
    assert again == second
