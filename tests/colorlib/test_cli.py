"""The command line on real files: results, exit statuses, messages and JSON."""

import json
import shlex
import subprocess
import sys

import pytest
import torch
from PIL import Image

from colorlib.cli import COMMANDS, main
from colorlib.cli.common import parse_device
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photo_crops, sample_photos
from colorlib.data.datasets import load_dataset
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.io import images
from colorlib.unet import UNet


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder of the commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The path of a small model that is not trained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    return str(Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save(path))


def save_noise(path, size=(50, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 60).save(path)


def save_crops(folder, count, size):
    folder.mkdir()
    for i, crop in enumerate(sample_photo_crops(count, size)):
        images.save_image(images.tensor_to_image(crop[None]), folder / f"{i}.png")


def mean_chroma(path):
    return rgb_to_lab(images.image_to_tensor(path))[:, 1:].norm(dim=1).mean()


def test_evaluate_prints_the_gray_baseline_and_the_protocol(model, capsys):
    args = ["evaluate", model, "--data", "photos", "--reduced"]
    assert main(args) == 0
    table = capsys.readouterr().out
    assert "32 images of random squares" in table and "peak 1; mean over images" in table
    assert main([*args, "--split", "train", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["numbers"]) == set(result["gray"]) and result["gray"]["chroma_ratio"] < 0.01


@pytest.mark.parametrize("seed", ["-1", "1e3", "99999999999999999999"])
@pytest.mark.parametrize("command", ["train", "data", "evaluate", "compare"])
def test_seed_has_one_rule(command, seed, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([command, f"--seed={seed}"])
    assert "argument --seed: " in capsys.readouterr().err


def test_evaluate_scores_a_whole_folder_at_any_size(model, folder, capsys):
    save_crops(folder / "album", 5, 90)
    results = []
    for size in ([], ["--image-size", "64"]):
        assert main(["evaluate", model, "--data", "album", "--split", "all", "--json", *size]) == 0
        results.append(json.loads(capsys.readouterr().out))
    at_32, at_64 = results
    assert "5 images" in at_32["about"] and "5 images" in at_64["about"]
    assert "at 32x32" in at_32["about"] and "at 64x64" in at_64["about"]
    # The network still sees the photos at its own 32 pixels.
    photos = load_dataset("album", 64, split_ratios=(1.0, 0.0, 0.0)).train
    expected = evaluate(ResizedModel(Colorizer.load(model)), photos).compute()["psnr"]
    assert at_64["numbers"]["psnr"] == pytest.approx(expected) != at_32["numbers"]["psnr"]


def test_data_prints_a_command_that_can_be_run(folder, capsys):
    save_crops(folder / "my album", 20, 40)
    assert main(["data", "my album", "--image-size", "32"]) == 0
    command = capsys.readouterr().out.splitlines()[-1].removeprefix("now: ")
    assert shlex.split(command) == ["colorlib", "train", "--data", "my album"]


def test_colorize_a_folder_skips_a_bad_photo(model, folder, capsys):
    save_noise(folder / "old/a.jpg")
    save_noise(folder / "old/deep/b.png", (40, 50))
    (folder / "old/c.png").write_bytes(b"")
    assert main(["colorize", "old", "--model", model, "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["written"] == ["old-colorized/a.jpg", "old-colorized/deep/b.png"]
    assert "empty" in result["skipped"]["c.png"]


def test_colorize_several_files_into_one_folder(model, folder):
    save_noise(folder / "a.jpg")
    save_noise(folder / "deep/b.png")
    assert main(["colorize", "a.jpg", "deep/b.png", "--model", model, "--out", "both"]) == 0
    assert {path.name for path in (folder / "both").iterdir()} == {"a.jpg", "b.png"}


def test_colorize_never_overwrites_without_the_option(model, folder, capsys):
    save_noise(folder / "a.png")
    (folder / "a-colorized.png").write_text("mine")
    args = ["colorize", "a.png", "--model", model]
    assert main(args) == 1
    assert "exists already; name another --out, or add --overwrite" in capsys.readouterr().err
    assert (folder / "a-colorized.png").read_text() == "mine"
    assert main([*args, "--out", "new/folder"]) == 0
    assert (folder / "new/folder/a-colorized.png").is_file()
    assert main([*args, "--overwrite"]) == 0
    assert Image.open(folder / "a-colorized.png").size == (50, 40)


def test_colorize_without_a_run_uses_a_shipped_model(folder, capsys, caplog):
    sample_photos("test")[0].image().convert("L").save(folder / "cat.png")
    assert main(["colorize", "cat.png"]) == 0
    assert "model: vivid" in caplog.text
    args = ["colorize", "cat.png", "--model", "plain", "--out", "pale.png"]
    assert main(args) == 0
    assert mean_chroma(folder / "cat-colorized.png") > 3 and mean_chroma(folder / "pale.png") > 3
    args = ["evaluate", "plain", "--data", "photos", "--reduced", "--image-size", "64", "--json"]
    assert main(args) == 0


def test_data_lists_the_data_sets(capsys):
    assert main(["data"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("photos", "scenes", "coco", "yosemite", "FOLDER"))


def test_data_filters_a_folder_and_reports_why(folder, capsys):
    save_crops(folder / "album", 40, 64)
    Image.new("L", (64, 64), 99).save(folder / "album/gray.png")
    args = ["data", "album", "--image-size", "32", "--filter-report", "rejected.html"]
    assert main([*args, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "grayscale" in result["rejected"]["gray.png"]
    assert "gray.png" in (folder / "rejected.html").read_text()
    assert sum(result["images"].values()) + len(result["rejected"]) == 41
    assert main(args) == 0
    assert "left out, with reasons: rejected.html" in capsys.readouterr().out


def test_info_prints_one_block(capsys):
    assert main(["info"]) == 0
    block = capsys.readouterr().out
    assert block.startswith("```\ncolorlib: ") and block.endswith("```\n")
    assert f"torch: {torch.__version__.partition('+')[0]}" in block
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs in"] == "terminal"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["colorize", "cat.png"], "cat.png"),
        (["colorize", "cat.png", "--model", "no.safetensors"], "there is no file no.safetensors"),
        (["colorize", "cat.png", "--model", "land"], "or one of plain, vivid"),
        (["evaluate", "no.safetensors", "--data", "photos"], "there is no file"),
        (["evaluate", "--data", "photos", "--device", "warp"], "device 'warp' cannot be used here"),
    ],
)
def test_failure_is_one_sentence_and_status_1(args, message, capsys):
    assert main(args) == 1
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert f"colorlib {args[0]}: " in error


@pytest.mark.parametrize("args", [[], ["colour"], ["colorize"], ["train", "--epochs", "many"]])
def test_wrong_usage_is_status_2(args):
    with pytest.raises(SystemExit) as stopped:
        main(args)
    assert stopped.value.code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_the_command_and_its_options(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert COMMANDS[command][1:].split(",")[0] in " ".join(text.split())
    assert len([line for line in text.splitlines() if line.startswith("  -")]) >= 2


def test_help_imports_no_torch():
    code = "import sys, colorlib.cli\ntry: colorlib.cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_parse_device():
    assert parse_device("cpu").type == "cpu" and parse_device("auto").type in ("cpu", "cuda")
