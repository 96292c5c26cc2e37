"""The net under every command: no traceback, the right exit status, streams that may be closed."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from colorlib.cli import main
from colorlib.cli.errors import error_sentence, run_command
from colorlib.colorizer import Colorizer
from colorlib.io.errors import OneSentenceError
from colorlib.io.files import to_json, write_json
from colorlib.unet import UNet

ROOT = Path(__file__).parents[2]


def fail(error):
    raise error


@pytest.mark.parametrize(
    "error",
    [
        KeyError("L"),
        TypeError("no"),
        AttributeError("no"),
        IndexError("no"),
        AssertionError(),
        StopIteration(),
        RecursionError("deep"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ModuleNotFoundError("No module named 'timm'", name="timm"),
        PermissionError(13, "Permission denied", "/nonexistent"),
        MemoryError(),
        type("Own", (Exception,), {})("strange"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_is_one_sentence(error, capsys, monkeypatch):
    monkeypatch.delenv("COLORLIB_TRACEBACK", raising=False)
    assert run_command("colorlib x", lambda: fail(error)) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("colorlib x: ") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err and "[Errno" not in captured.err
    monkeypatch.setenv("COLORLIB_TRACEBACK", "1")
    assert run_command("colorlib x", lambda: fail(error)) == 1
    assert "Traceback" in capsys.readouterr().err


class WindowsError(PermissionError):
    """An error of Windows, whose number Python writes in another way."""

    def __str__(self):
        return f"[WinError 5] {self.strerror}: {self.filename!r}"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (WindowsError(13, "Access is denied", "C:\\photos"), "C:\\photos: access is denied"),
        (PermissionError(13, "Permission denied", "a.png"), "a.png: permission denied"),
        (ValueError(f"a.png: {PermissionError(13, 'No')}"), "a.png: No"),
        (ConnectionError("no answer: [Errno -2] Name unknown"), "no answer: Name unknown"),
        (
            RuntimeError("[WinError 1455] The paging file is too small"),
            "The paging file is too small",
        ),
    ],
)
def test_number_of_a_system_error_is_left_out(error, sentence):
    assert error_sentence(error) == sentence


@pytest.mark.parametrize("cause", [WindowsError, PermissionError])
def test_photo_that_the_system_refuses_is_one_sentence(
    cause, album, tmp_path, monkeypatch, capsys, caplog
):
    photo = album / "album/0.png"
    real_open, name = open, str(photo)

    def refuse(path, *args, **options):
        if str(path) == name:
            raise cause(13, "Access is denied", name)
        return real_open(path, *args, **options)

    monkeypatch.setattr("builtins.open", refuse)
    model = ["--model", str(album / "m.safetensors")]
    found = f"{name} cannot be opened (Access is denied); check that you may read it."
    assert main(["colorize", name, *model, "--out", str(tmp_path / "a.png")]) == 1
    assert capsys.readouterr().err == f"colorlib colorize: {found}\n"
    assert main(["colorize", str(photo.parent), *model, "--out", str(tmp_path / "out")]) == 1
    assert f"0.png: {found}" in caplog.text


@pytest.mark.parametrize("cause", [WindowsError, PermissionError])
def test_result_that_the_system_refuses_is_one_sentence(
    cause, album, tmp_path, monkeypatch, caplog
):
    def refuse(image, path, **options):
        raise cause(13, "Access is denied", str(path))

    monkeypatch.setattr("colorlib.inference.folder.save_image", refuse)
    options = ["--model", str(album / "m.safetensors"), "--out", str(tmp_path / "out")]
    assert main(["colorize", str(album / "album"), *options]) == 1
    assert caplog.text.count("Access is denied: ") == 3
    assert "[Errno" not in caplog.text and "[WinError" not in caplog.text


def test_notebook_error_leaves_the_number_of_a_system_error_out():
    error = OneSentenceError("no answer ([Errno 111] Connection refused); try again.")
    lines = error._render_traceback_()
    assert lines == ["\x1b[31mno answer (Connection refused); try again\x1b[0m"]


def test_fault_of_the_program_asks_for_a_report():
    assert "please report it" in error_sentence(KeyError("L"))
    assert "please report it" not in error_sentence(ValueError("expected 1"))
    assert error_sentence(ValueError("expected 1")) == "expected 1"


@pytest.mark.parametrize("recipe", ["p2-inception", "tutorial"])
@pytest.mark.parametrize("command", ["train", "compare"])
def test_missing_package_is_one_sentence(recipe, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("timm", "fastai", "fastai.vision.models.unet", "fastai.vision.learner"):
        monkeypatch.setitem(sys.modules, name, None)
    options = ["--recipe", recipe] if command == "train" else ["--recipes", f"p1,{recipe}"]
    assert main([command, *options, "--data", "photos", "--reduced"]) == 1
    error = capsys.readouterr().err
    assert "is not installed: install it with pip install" in error.splitlines()[-1]
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("row.json"))  # said before anything is trained


def test_missing_torch_is_one_sentence(tmp_path):
    code = "import sys; sys.modules['torch'] = None; from colorlib.cli import main; "
    code += "sys.exit(main(['evaluate', '--data', 'photos']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "colorlib evaluate: " in done.stderr and "torch" in done.stderr


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """A folder with three photos, and a small model that is not trained."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "album").mkdir()
    for i in range(3):
        Image.effect_noise((40, 40), 60).save(folder / f"album/{i}.png")
    torch.manual_seed(0)
    Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save(folder / "m.safetensors")
    return folder


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    "streams",
    ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", "| true", "2>&1 | true"],
)
def test_closed_stream_never_ends_a_run(streams, album, tmp_path):
    command = f"{sys.executable} -m colorlib colorize {album}/album --model {album}/m.safetensors"
    script = f"set -o pipefail; {command} --out {tmp_path}/out {streams}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.png", "1.png", "2.png"]
    for path in (tmp_path / "out").iterdir():
        Image.open(path).verify()
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("program", ["colorlib data --json", "course words README.md"])
def test_output_that_cannot_be_written_is_an_error(program):
    script = f"{sys.executable} -m {program} > /dev/full"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.endswith(": no space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("program", ["colorlib data", "course words README.md"])
def test_reader_that_leaves_is_no_error(program):
    script = f"set -o pipefail; {sys.executable} -m {program} | true"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_is_an_exit_status(number, capsys, monkeypatch):
    monkeypatch.setattr("colorlib.engine.signals._last_request", -math.inf)
    assert run_command("course x", lambda: signal.raise_signal(number) or 0) == 128 + number
    assert capsys.readouterr().err == "\ncourse x: stopped\n"


def test_json_has_no_nan_and_no_infinity(tmp_path):
    data = {"a": float("nan"), "b": [float("inf"), (1.5, float("-inf"))], "c": Path("x")}
    strict = {"parse_constant": lambda word: fail(ValueError(word))}
    expected = {"a": None, "b": [None, [1.5, None]], "c": "x"}
    assert json.loads(to_json(data), **strict) == expected
    write_json(tmp_path / "a.json", data)
    assert json.loads((tmp_path / "a.json").read_text(), **strict) == expected


def test_evaluate_prints_json_that_every_program_reads(album, capsys):
    args = ["evaluate", str(album / "m.safetensors"), "--data", "photos", "--reduced", "--json"]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out, parse_constant=lambda word: fail(ValueError(word)))
    assert None in result["gray"].values() or None in result["numbers"].values()


@pytest.mark.parametrize("variable", ["LANG", "LC_ALL", "LC_TIME"])
def test_course_works_under_a_locale_that_is_not_installed(variable):
    code = "import locale, sys; from course.tool import cli; cli._use_a_locale_that_exists(); "
    code += "locale.setlocale(locale.LC_ALL, ''); print('ok')"
    env = {**os.environ, variable: "de_DE.UTF-8x"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True)
    assert done.stdout == b"ok\n", done.stderr


def test_catalog_that_cannot_be_read_is_one_sentence(tmp_path):
    env = {**os.environ, "COLORLIB_SOURCES": str(tmp_path / "missing.toml")}
    command = [sys.executable, "-m", "colorlib", "data"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "missing.toml: no such file" in done.stderr
    assert "Traceback" not in done.stderr
