"""The command line, as a person meets it: real files, exit statuses, words and JSON."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.cli import COMMANDS, main
from colorlib.cli.common import device
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photo_crops, sample_photos
from colorlib.data.datasets import load_dataset
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.io import images
from colorlib.recipes import RECIPES

TINY = ["--reduced", "--width", "4", "--size", "32", "--epochs", "1"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Weights of a run of one epoch."""
    folder = tmp_path_factory.mktemp("run")
    assert main(["train", "--data", "photos", "--out", str(folder), *TINY]) == 0
    return folder / "plain.safetensors"


def test_train_then_colorize_a_photo_that_the_run_never_saw(here, capsys):
    assert main(["train", "--data", "photos", "--reduced", "--size", "32"]) == 0
    said = capsys.readouterr().out
    assert "done\nbest epoch " in said and "now: colorlib colorize PHOTO" in said
    gray, best = (float(said.split(word)[1].split(" dB")[0]) for word in (", gray ", "best epoch "))
    assert best > gray + 0.5
    cat = sample_photos("test")[0]
    cat.image().save(here / "cat.png")
    assert main(["colorize", "cat.png"]) == 0
    result = Image.open(here / "cat-colorized.png")
    assert result.size == cat.image().size and result.mode == "RGB"
    before, after = (
        rgb_to_lab(images.image_to_tensor(path)) for path in ("cat.png", "cat-colorized.png")
    )
    assert np.percentile((before - after)[:, 0].abs(), 99) < 0.5
    assert after[:, 1:].norm(dim=1).mean() > 2  # Lab units: it is no gray photo


def test_a_run_that_was_stopped_goes_on_and_a_finished_one_says_so(here, capsys, caplog):
    asked = ["train", "--data", "photos", "--out", "one", "--gan-epochs", "1", *TINY, "--json"]
    assert main([*asked, "--minutes", "0"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["done"] is False and first["best_psnr"] is None
    assert main(asked) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["done"] is True and set(result["models"]) == {"plain", "adversarial"}
    assert set(result["history"]["2-adversarial"][0]) >= {
        "D_real",
        "D_fake",
        "G_GAN",
        "G_pixel",
        "validation",
    }
    written = {path: path.read_bytes() for path in (here / "one").glob("*.safetensors")}
    assert main(asked) == 0  # nothing is left to do, and nothing is lost
    assert json.loads(capsys.readouterr().out)["history"] == result["history"]
    assert "resumed at epoch 1, step 0" in caplog.text
    assert written == {path: path.read_bytes() for path in written}
    assert (here / "one/2-adversarial/progress.png").is_file()


def test_another_run_in_the_same_folder_is_refused(model, capsys):
    asked = ["train", "--data", "photos", "--out", str(model.parent), *TINY, "--lr", "0.1"]
    assert main(asked) == 1
    said = capsys.readouterr().err
    assert "holds a run with pixel.lr 0.0002, now 0.1: ask for the same, or name an --out" in said


def test_evaluate_puts_gray_beside_the_model(model, capsys):
    assert main(["evaluate", str(model), "--data", "photos", "--reduced"]) == 0
    table = capsys.readouterr().out
    assert "32 pictures of random squares" in table and "peak 1; mean over pictures" in table
    assert (
        main(["evaluate", str(model), "--data", "photos", "--reduced", "--part", "train", "--json"])
        == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert set(result["numbers"]) == set(result["gray"]) and result["gray"]["chroma_ratio"] < 0.01


def test_a_folder_of_photos_with_a_bad_one(model, here, capsys):
    (here / "old/deep").mkdir(parents=True)
    Image.effect_noise((50, 40), 60).save(here / "old/a.jpg")
    Image.effect_noise((40, 50), 60).save(here / "old/deep/b.png")
    (here / "old/c.png").write_bytes(b"")
    asked = ["colorize", "old", "--model", str(model), "--json"]
    assert main(asked) == 1
    result = json.loads(capsys.readouterr().out)
    assert [path.removeprefix("old-colorized/") for path in result["written"]] == [
        "a.jpg",
        "deep/b.png",
    ]
    assert "empty" in result["skipped"]["c.png"]
    assert (
        main(["colorize", "old/a.jpg", "old/deep/b.png", "--model", str(model), "--out", "both"])
        == 0
    )
    assert {path.name for path in (here / "both").iterdir()} == {"a.jpg", "b.png"}


def test_nothing_is_overwritten_unasked(model, here, capsys):
    Image.effect_noise((50, 40), 60).save(here / "a.png")
    (here / "a-colorized.png").write_text("mine")
    assert main(["colorize", "a.png", "--model", str(model)]) == 1
    assert "exists already; name another --out, or add --overwrite" in capsys.readouterr().err
    assert (here / "a-colorized.png").read_text() == "mine"
    assert main(["colorize", "a.png", "--model", str(model), "--out", "else/where"]) == 0
    assert (here / "else/where/a-colorized.png").is_file()
    assert main(["colorize", "a.png", "--model", str(model), "--overwrite"]) == 0
    assert Image.open(here / "a-colorized.png").size == (50, 40)


def test_without_any_run_a_photo_gets_the_colours_of_a_shipped_model(here, capsys, caplog):
    cat = sample_photos("test")[0].image()
    cat.convert("L").save(here / "cat.png")
    assert main(["colorize", "cat.png"]) == 0
    assert "model: general" in caplog.text
    assert (
        main(["colorize", "cat.png", "--model", "landscape-adversarial", "--out", "bold.png"]) == 0
    )
    for name in ("cat-colorized.png", "bold.png"):
        assert rgb_to_lab(images.image_to_tensor(here / name))[:, 1:].norm(dim=1).mean() > 3
    assert (
        main(["evaluate", "general", "--data", "photos", "--reduced", "--size", "64", "--json"])
        == 0
    )
    capsys.readouterr()


def test_evaluate_takes_all_photos_of_a_folder_at_any_size(model, here, capsys):
    (here / "some").mkdir()
    for i, crop in enumerate(sample_photo_crops(5, 90)):
        images.save_image(images.tensor_to_image(crop[None]), here / "some" / f"{i}.png")
    asked = ["evaluate", str(model), "--data", "some", "--part", "all", "--json"]
    at = {}
    for size in ([], ["--size", "64"]):
        assert main([*asked, *size]) == 0
        at[bool(size)] = json.loads(capsys.readouterr().out)
    assert all("5 pictures" in result["about"] for result in at.values())
    assert "at 32x32" in at[False]["about"] and "at 64x64" in at[True]["about"]
    pictures = load_dataset(
        "some", 64, split_ratios=(1.0, 0.0, 0.0)
    ).train  # the network sees them at its own 32 pixels
    expected = evaluate(ResizedModel(Colorizer.load(model)), pictures).compute()["psnr"]
    assert at[True]["numbers"]["psnr"] == pytest.approx(expected) != at[False]["numbers"]["psnr"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["colorize", "cat.png"], "cat.png"),
        (
            ["colorize", "cat.png", "--model", "none.safetensors"],
            "there is no file none.safetensors",
        ),
        (
            ["colorize", "cat.png", "--model", "landscapes"],
            "or one of landscape, landscape-adversarial, ",
        ),
        (
            ["train", "--data", "nowhere"],
            "nowhere was found nowhere, expected a folder or one of photos",
        ),
        (["evaluate", "none.safetensors", "--data", "photos"], "there is no file"),
        (
            ["train", "--data", "photos", "--epochs", "0", "--reduced"],
            "epochs is 0; expected at least 1",
        ),
        (
            ["train", "--data", "photos", "--device", "warp", *TINY],
            "device 'warp' cannot be used here",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence_and_status_1(words, said, capsys):
    assert main(words) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert f"colorlib {words[0]}: " in error


def test_data_lists_sets_and_prepares_a_folder(here, capsys):
    assert main(["data"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("photos", "scenes", "coco", "yosemite", "FOLDER"))
    (here / "album").mkdir()
    for i, crop in enumerate(sample_photo_crops(40, 64)):
        images.save_image(crop, here / f"album/{i}.png")
    Image.new("L", (64, 64), 99).save(here / "album/gray.png")
    assert main(["data", "album", "--size", "32", "--filter", "dropped.html", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (
        "grayscale" in result["left_out"]["gray.png"]
        and "gray.png" in (here / "dropped.html").read_text()
    )
    assert sum(result["pictures"].values()) + len(result["left_out"]) == 41


def test_report_is_one_block_without_names(capsys):
    assert main(["report"]) == 0
    block = capsys.readouterr().out
    assert block.startswith("```\ncolorlib: ") and block.endswith("```\n")
    assert f"torch: {torch.__version__.partition('+')[0]}" in block
    assert main(["report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs in"] == "terminal"


@pytest.mark.parametrize(
    "words", [[], ["colour"], ["colorize"], ["train", "--data", "photos", "--loss", "l3"]]
)
def test_bad_usage_is_status_2(words):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_something_of_every_argument(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert COMMANDS[command][1:].split(",")[0] in " ".join(text.split())
    options = [line for line in text.splitlines() if line.startswith("  -")]
    assert len(options) >= 2


def test_help_is_quick_and_needs_no_torch():
    code = "import sys, colorlib.cli\ntry: colorlib.cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_the_keyboard_stops_a_run_with_status_130(monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("colorlib.engine.two_stage.train_two_stage", stop)
    assert main(["train", "--data", "photos", *TINY]) == 130
    assert "stopped; the same command goes on" in capsys.readouterr().err


def test_a_device_is_checked():
    assert device("cpu").type == "cpu" and device("auto").type in ("cpu", "cuda")


@pytest.fixture(scope="module")
def recipe_run(tmp_path_factory):
    """What the run of a recipe against a critic alone is asked for, and its folder."""
    folder = tmp_path_factory.mktemp("p3-gan")
    asked = ["train", "--recipe", "p3-gan", "--reduced", "--out", str(folder)]
    assert main([*asked, "--minutes", "0"]) == 0 and main(asked) == 0
    return asked, folder


def test_a_recipe_is_trained_by_its_name(recipe_run, capsys, caplog):
    asked, folder = recipe_run
    written = (folder / "adversarial.safetensors").read_bytes()
    caplog.set_level("INFO", logger="colorlib")
    assert main(asked) == 0  # nothing is left to do
    said = capsys.readouterr().out.splitlines()
    last = json.loads((folder / "2-adversarial/history.json").read_text())[-1]["validation"]
    assert said[0] == "done" and said[1].startswith(
        f"last epoch {last:.2f} dB on the validation pictures, gray "
    )
    assert said[2] == f"curves and strips: {folder / '2-adversarial' / 'progress.png'}"
    assert (folder / "2-adversarial/progress.png").is_file()
    assert said[3:] == [
        f"adversarial: {folder / 'adversarial.safetensors'}",
        "now: colorlib colorize PHOTO",
    ]
    assert (folder / "adversarial.safetensors").read_bytes() == written
    assert not (folder / "plain.safetensors").exists()
    assert f"left open, batch: {RECIPES['p3-gan'].open['batch']}" in caplog.text
    assert Colorizer.load(folder / "adversarial.safetensors").scale == RECIPES["p3-gan"].scale


def test_a_run_says_which_recipe_it_is(recipe_run):
    _, folder = recipe_run
    told = json.loads((folder / "run.json").read_text())
    assert (told["data"], told["seed"], told["reduced"]) == ("photos", 0, True)
    assert (
        told["recipe"]["name"] == "p3-gan"
        and told["recipe"]["critic"]["critic"] == "ImageDiscriminator"
    )
    assert told["recipe"]["adversarial"]["gan"]["smoothing"] == 0.9
    assert told["recipe"]["open"] == RECIPES["p3-gan"].open


def test_a_reworded_note_stops_no_run_and_another_size_does(recipe_run, tmp_path, capsys):
    asked, folder = recipe_run
    path = folder / "run.json"
    told = path.read_text()
    path.write_text(told.replace("the paper gives none", "the paper is silent"))
    assert main(asked) == 0
    path.write_text(told)
    capsys.readouterr()
    assert main([*asked, "--size", "64"]) == 1
    said = capsys.readouterr().err
    assert "photos.size 32, now 64" in said and "ask for the same, or name an --out" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--recipe", "nonsense"],
            f"no recipe 'nonsense'; expected one of {', '.join(RECIPES)}, landscape",
        ),
        (
            ["--recipe", "p0", "--lr", "0.1"],
            "--lr and --recipe were given; a recipe says that itself",
        ),
        (
            ["--recipe", "p0", "--gan-epochs", "1", "--ema", "0"],
            "--gan-epochs, --ema and --recipe were given",
        ),
        ([], "neither --data nor --recipe was given; expected one"),
    ],
)
def test_a_recipe_is_one_or_it_is_none(words, said, capsys):
    assert main(["train", *words]) == 1
    error = capsys.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
