"""The command ``train``: own runs, runs of a recipe, resuming, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

from colorlib.cli import main
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photos
from colorlib.io import images
from colorlib.recipes import RECIPES

TINY = ["--reduced", "--base-channels", "4", "--image-size", "32", "--epochs", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder of the commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def recipe_run(tmp_path_factory):
    """The arguments of a run of a recipe with adversarial loss only, and its folder."""
    folder = tmp_path_factory.mktemp("p3-gan")
    args = ["train", "--recipe", "p3-gan", "--reduced", "--out", str(folder)]
    assert main([*args, "--max-minutes", "0"]) == 0 and main(args) == 0
    return args, folder


def test_train_then_colorize_an_unseen_photo(folder, capsys):
    assert main(["train", "--data", "photos", "--reduced", "--image-size", "32"]) == 0
    out = capsys.readouterr().out
    assert "done\nbest epoch " in out and "now: colorlib colorize PHOTO" in out
    gray, best = (float(out.split(word)[1].split(" dB")[0]) for word in (", gray ", "best epoch "))
    assert best > gray + 0.5
    cat = sample_photos("test")[0]
    cat.image().save(folder / "cat.png")
    assert main(["colorize", "cat.png"]) == 0  # with the newest model in runs/
    result = Image.open(folder / "cat-colorized.png")
    assert result.size == cat.image().size and result.mode == "RGB"
    before = rgb_to_lab(images.image_to_tensor("cat.png"))
    after = rgb_to_lab(images.image_to_tensor("cat-colorized.png"))
    assert np.percentile((before - after)[:, 0].abs(), 99) < 0.5
    assert after[:, 1:].norm(dim=1).mean() > 2


def test_stopped_run_is_resumed_and_finished_run_stays(folder, capsys, caplog):
    args = ["train", "--data", "photos", "--out", "one", "--gan-epochs", "1", *TINY, "--json"]
    assert main([*args, "--max-minutes", "0"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["done"] is False and first["best_psnr"] is None
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["done"] is True and set(result["models"]) == {"pixel", "adversarial"}
    row = result["history"]["2-adversarial"][0]
    assert set(row) >= {"D_real", "D_fake", "G_GAN", "G_rec", "val_psnr"}
    written = {path: path.read_bytes() for path in (folder / "one").glob("*.safetensors")}
    assert main(args) == 0
    assert json.loads(capsys.readouterr().out)["history"] == result["history"]
    assert "resumed at epoch 1, step 0" in caplog.text
    assert written == {path: path.read_bytes() for path in written}
    assert (folder / "one/2-adversarial/progress.png").is_file()


def test_run_with_other_settings_is_refused(folder, capsys):
    args = ["train", "--data", "photos", "--out", "one", *TINY]
    assert main([*args, "--max-minutes", "0"]) == 0
    assert main([*args, "--lr", "0.1"]) == 1
    assert "holds a run with pixel.lr 0.0002, now 0.1" in capsys.readouterr().err


def test_keyboard_interrupt_is_status_130(monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("colorlib.engine.two_stage.train_two_stage", stop)
    assert main(["train", "--data", "photos", *TINY]) == 130
    assert "stopped; the same command resumes" in capsys.readouterr().err


def test_recipe_is_trained_by_its_name(recipe_run, capsys, caplog):
    args, folder = recipe_run
    weights = folder / "adversarial.safetensors"
    written = weights.read_bytes()
    caplog.set_level("INFO", logger="colorlib")
    assert main(args) == 0  # it is finished already
    out = capsys.readouterr().out.splitlines()
    last = json.loads((folder / "2-adversarial/history.json").read_text())[-1]["val_psnr"]
    assert out[0] == "done" and out[1].startswith(f"last epoch {last:.2f} dB on the validation ")
    assert str(folder / "2-adversarial/progress.png") in out[2]
    assert (folder / "2-adversarial/progress.png").is_file()
    assert out[3:] == [f"adversarial: {weights}", "now: colorlib colorize PHOTO"]
    assert weights.read_bytes() == written
    assert not (folder / "pixel.safetensors").exists()
    assert f"left open, batch: {RECIPES['p3-gan'].unspecified['batch']}" in caplog.text
    assert Colorizer.load(weights).scaler == RECIPES["p3-gan"].scaler


def test_run_saves_its_recipe(recipe_run):
    run = json.loads((recipe_run[1] / "run.json").read_text())
    recipe = run["recipe"]
    assert (run["data"], run["seed"], run["reduced"]) == ("photos", 0, True)
    assert recipe["name"] == "p3-gan"
    assert recipe["discriminator"]["discriminator"] == "ImageDiscriminator"
    assert recipe["adversarial"]["gan"]["real_label"] == 0.9
    assert recipe["unspecified"] == RECIPES["p3-gan"].unspecified


def test_resuming_allows_new_wording_but_not_another_size(recipe_run, capsys):
    args, folder = recipe_run
    path = folder / "run.json"
    text = path.read_text()
    path.write_text(text.replace("the paper gives none", "the paper is silent"))
    assert main(args) == 0
    path.write_text(text)
    capsys.readouterr()
    assert main([*args, "--image-size", "64"]) == 1
    error = capsys.readouterr().err
    assert "data.image_size 32, now 64" in error and len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--data", "nowhere"], "nowhere was found nowhere, expected a folder or one of photos"),
        (["--data", "photos", "--epochs", "0", "--reduced"], "epochs is 0; expected at least 1"),
        (["--data", "photos", "--device", "warp"], "device 'warp' cannot be used here"),
        (["--recipe", "nonsense"], f"no recipe 'nonsense'; expected one of {', '.join(RECIPES)}"),
        (["--recipe", "p0", "--lr", "0.1"], "--lr and --recipe were given"),
        (
            ["--recipe", "p0", "--gan-epochs", "1", "--ema-decay", "0"],
            "--gan-epochs, --ema-decay and --recipe were given",
        ),
        ([], "neither --data nor --recipe was given; expected one"),
    ],
)
def test_train_refuses_wrong_arguments_in_one_sentence(args, message, capsys):
    assert main(["train", *args]) == 1
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_unknown_reconstruction_loss_is_wrong_usage():
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--data", "photos", "--reconstruction", "l3"])
    assert stopped.value.code == 2
