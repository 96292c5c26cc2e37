"""Paths as people type them: every spelling of a folder is taken, and no photo is in danger."""

import json
import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.data import list_images
from colorlib.data.catalog import CATALOG, DATASET_NAMES, parse_dataset
from colorlib.io import paths
from colorlib.unet import UNet

TINY = ["--base-channels", "4", "--image-size", "32", "--epochs", "1", "--batch-size", "2"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder of the commands, with a folder of twenty photos in it."""
    here = tmp_path / "here"
    (here / "album").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    generator = torch.Generator().manual_seed(0)
    for i in range(20):
        pixels = torch.randint(0, 256, (6, 6, 3), generator=generator, dtype=torch.uint8)
        Image.fromarray(pixels.numpy()).resize((40, 40)).save(here / f"album/{i:02d}.png")
    return here


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The path of a small model that is not trained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    return str(Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save(path))


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def refusal(args, capsys):
    """Run a command that must fail; return its one sentence."""
    capsys.readouterr()
    assert main(args) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith(f"colorlib {args[0]}: ")
    return lines[-1]


@pytest.mark.parametrize("out", ["00.png", "./00.png", "../album/00.png", "link.png", "."])
def test_photo_is_never_its_own_result(out, model, folder, capsys, monkeypatch):
    """With --overwrite, a single photo is as safe as a folder of them."""
    monkeypatch.chdir("album")
    (folder / "album/link.png").symlink_to("00.png")
    before = (folder / "album/00.png").read_bytes()
    photos = ["00.png", "01.png"] if out == "." else ["00.png"]
    args = ["colorize", *photos, "--out", out, "--overwrite", "--model", model]
    assert "is a photo and would be its own result" in refusal(args, capsys)
    assert (folder / "album/00.png").read_bytes() == before


@pytest.mark.parametrize("spelling", [".", "./", "../album", "../album/", "../album/.", "album/.."])
def test_every_spelling_of_a_folder_is_colorized_next_to_it(spelling, model, folder, monkeypatch):
    if spelling != "album/..":
        monkeypatch.chdir("album")
    assert main(["colorize", spelling, "--model", model]) == 0
    if spelling == "album/..":
        assert len(files_below(folder.with_name("here-colorized"))) == 21
    else:
        assert len(files_below(folder / "album-colorized")) == 20
    assert len(files_below(folder / "album")) == 20


def test_names_that_begin_like_the_home_folder_are_files(model, folder, monkeypatch, capsys):
    here = folder / "odd"
    (here / "~").mkdir(parents=True)
    names = ["~/in.png", "~$lawn.png", "~lawn.png"]
    for name in names:
        (here / name).write_bytes((folder / "album/00.png").read_bytes())
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(folder / "home"))
    for args in (["."], ["~lawn.png", "./~$lawn.png"], ["./~"]):
        out = folder / f"out{len(args[0])}"
        assert main(["colorize", *args, "--out", str(out), "--model", model]) == 0
    assert files_below(folder / "out1") == sorted(["~", *names])
    assert files_below(folder / "out9") == ["~$lawn.png", "~lawn.png"]
    assert files_below(folder / "out3") == ["in.png"]
    assert main(["colorize", "~lawn.png", "--model", model]) == 0
    assert (here / "~lawn-colorized.png").exists()
    assert [photo.image().size for photo in list_images(".")] == [(40, 40)] * 4
    assert str(folder / "home") in refusal(["colorize", "~", "--model", model], capsys)


@pytest.mark.parametrize("out", ["r.tif", "r.pdf", "deep/r.jxl", "r.txt"])
def test_name_of_a_file_never_becomes_a_folder(out, model, folder, capsys):
    one = ["colorize", "album/00.png", "--model", model, "--out", out]
    assert f"ends in '{Path(out).suffix}'; expected .png, " in refusal(one, capsys)
    for args in (["colorize", "album", "--model", model], ["train", "--data", "album", *TINY]):
        assert "looks like a file; expected a folder" in refusal([*args, "--out", out], capsys)
    assert files_below(folder)[0] == "album" and not (folder / out).exists()
    assert main([*one[:-1], f"{out}/"]) == 0
    assert files_below(folder / out) == ["00-colorized.png"]


def test_web_address_is_named_as_it_was_typed(model, capsys):
    url = "https://example.org/a.jpg"
    commands = [
        ["colorize", url],
        ["colorize", "album/00.png", "--out", url],
        ["colorize", "album/00.png", "--model", url],
        ["train", "--data", url],
        ["evaluate", model, "--data", url],
        ["data", url],
        ["compare", "--recipes", "p1", "--data", url],
    ]
    for args in commands:
        assert f"{url} is an address of the web" in refusal(args, capsys)


@pytest.mark.parametrize("text", ["", " ", "a\0b"])
def test_no_path_at_all_is_refused(text, capsys):
    for args in (["colorize", text], ["train", "--data", text], ["data", text]):
        assert "expected the name of a file or folder" in refusal(args, capsys)


def test_training_is_one_run_however_the_folder_is_spelled(folder, capsys, monkeypatch, caplog):
    args = ["--out", str(folder / "run"), *TINY]
    for spelling in ("album", "album/", "./album", "album/../album", str(folder / "album")):
        assert main(["train", "--data", spelling, *args]) == 0, capsys.readouterr().err
    (folder / "same").symlink_to("album")
    assert main(["train", "--data", "same", *args]) == 0
    monkeypatch.chdir("album")
    assert main(["train", "--data", ".", *args]) == 0
    assert caplog.text.count("resumed at epoch 1, step 0") == 6
    os.rename(folder / "album", folder / "moved")
    assert main(["train", "--data", str(folder / "moved"), *args]) == 0
    assert "the photos were in" in caplog.text
    (folder / "other").mkdir()
    error = refusal(["train", "--data", str(folder / "other"), *args], capsys)
    assert "holds a run with data" in error


@pytest.mark.parametrize(("data", "out"), [(".", None), ("..", None), ("../album", "deep/run")])
def test_run_is_never_written_into_the_photos(data, out, folder, capsys, monkeypatch):
    monkeypatch.chdir("album")
    for command in (["train", *TINY], ["compare", "--recipes", "p1", "--reduced"]):
        args = [*command, "--data", data, *(["--out", out] if out else [])]
        assert "is inside the folder of photos" in refusal(args, capsys)
    assert len(files_below(folder)) == 21


@pytest.mark.parametrize("name", DATASET_NAMES)
def test_folder_with_the_name_of_a_built_in_set_stops(name, model, folder, capsys):
    (folder / "album").rename(folder / name)
    for args in (["train"], ["evaluate", model], ["compare", "--recipes", "p1"]):
        error = refusal([*args, "--data", name], capsys)
        assert f"write ./{name} for the folder" in error
    assert "is a built-in data set, and also a folder" in refusal(["data", name], capsys)
    assert parse_dataset(f"./{name}") == parse_dataset(f"{name}/") == folder / name
    assert main(["data", f"./{name}", "--image-size", "32"]) == 0
    assert f"{name}: 20 photos" in capsys.readouterr().out


def test_name_of_a_library_model_that_is_a_file_stops(folder, capsys):
    (folder / "plain").mkdir()
    error = refusal(["colorize", "album/00.png", "--model", "plain"], capsys)
    assert "write ./plain" in error


def test_model_may_be_the_folder_of_a_run(model, folder, capsys):
    run = folder / "runs/mine"
    run.mkdir(parents=True)
    args = ["evaluate", "runs/mine", "--data", "album"]
    assert "runs/mine holds no weights" in refusal(args, capsys)
    (run / "pixel.safetensors").write_bytes(Path(model).read_bytes())
    (run / "checkpoint-e0001-s000000-0123456789abcdef.safetensors").write_bytes(b"a newer file")
    assert main([*args, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "runs/mine/pixel.safetensors"
    assert main(["colorize", "album/00.png"]) == 0  # a checkpoint is not a model


@pytest.mark.parametrize("size", ["0", "-1", "4097", "20000"])
def test_image_size_has_one_limit_at_every_door(size, model, folder, capsys):
    commands = [
        ["train", "--data", "album"],
        ["train", "--recipe", "p0", "--data", "album"],
        ["train", "--recipe", "p2-cnn", "--data", "photos"],
        ["compare", "--recipes", "p1"],
        ["evaluate", model, "--data", "album"],
        ["data", "album"],
    ]
    for args in commands:
        error = refusal([*args, "--image-size", size], capsys)
        assert f"image_size is {size}; expected 1 to 4096" in error
    assert files_below(folder)[0] == "album" and len(files_below(folder)) == 21


def test_report_replaces_only_web_pages(folder, capsys):
    before = (folder / "album/00.png").read_bytes()
    error = refusal(["data", "album", "--filter-report", "album/00.png"], capsys)
    assert "expected the name of a web page" in error
    assert (folder / "album/00.png").read_bytes() == before


def test_looks_like_file_knows_folders_with_dots(folder):
    (folder / "v.data").mkdir()
    for text in ("v.data", "2024.05.01", "lr-0.5", ".hidden", "..", "a.b/"):
        assert not paths.looks_like_file(text), text
    assert paths.parse_folder("v.data") == Path("v.data")
    (folder / "note").write_text("")
    with pytest.raises(NotADirectoryError, match="note is a file; expected a folder"):
        paths.parse_folder("note")


def test_every_name_of_the_catalog_is_a_data_set():
    assert set(CATALOG) < set(DATASET_NAMES)
