"""Where the code runs, and the green line that ends every set-up."""

import logging
import subprocess
import sys
import types

import pytest

from colorlib.notebook import environment


@pytest.fixture(autouse=True)
def messages():
    """Leave the library's logger as it was."""
    log = logging.getLogger("colorlib")
    before = log.handlers, log.propagate, log.level
    yield log
    log.handlers, log.propagate = before[:2]
    log.setLevel(before[2])


def test_after_set_up_messages_stand_below_their_cell_and_once(capsys, messages):
    environment.print_ready("01_colour_spaces"), environment.print_ready("01_colour_spaces")
    capsys.readouterr()
    messages.info("resumed at epoch %d, step %d", 7, 812)
    assert capsys.readouterr().out == "resumed at epoch 7, step 812\n"


def test_where(monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    assert environment.detect_environment() == "terminal"
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert environment.detect_environment() == "jupyter"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert environment.detect_environment() == "colab"
    monkeypatch.delenv("COLAB_RELEASE_TAG")
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert environment.detect_environment() == "colab"


def test_the_line_is_green_and_one(capsys, monkeypatch):
    monkeypatch.setattr(environment, "gpu_name", lambda: None)
    environment.print_ready("01_colour_spaces")
    out = capsys.readouterr().out
    assert out.startswith("\x1b[32m✓ Ready for lesson 1 · colorlib ") and out.endswith(
        "· CPU\x1b[0m\n"
    )
    assert out.count("\n") == 1


def test_a_lesson_that_wants_a_gpu_says_what_to_click(capsys, monkeypatch):
    monkeypatch.setattr(environment, "gpu_name", lambda: None)
    monkeypatch.setattr(environment, "detect_environment", lambda: "colab")
    environment.print_ready("05_training", needs_gpu=True)
    assert "Runtime → Change runtime type → T4 GPU → Save" in capsys.readouterr().out
    monkeypatch.setattr(environment, "gpu_name", lambda: "Tesla T4")
    environment.print_ready("05_training", needs_gpu=True)
    out = capsys.readouterr().out
    assert "Tesla T4" in out and "Runtime" not in out


def test_the_gpu_is_read_from_the_driver(tmp_path, monkeypatch):
    card = tmp_path / "0000:00:04.0"
    card.mkdir()
    (card / "information").write_text("Model: \t\t Tesla T4\nIRQ:   \t 33\n")
    monkeypatch.setattr(environment, "Path", lambda text: tmp_path)
    assert environment.gpu_name() == "Tesla T4"
    monkeypatch.setattr(environment, "Path", lambda text: tmp_path / "no driver")
    assert environment.gpu_name() is None


def test_without_torch_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise environment.PackageNotFoundError(name)

    monkeypatch.setattr(environment, "version", missing)
    with pytest.raises(RuntimeError, match="pip install torch torchvision"):
        environment.print_ready("01_colour_spaces")


def test_it_does_not_load_torch():
    code = "import sys; from colorlib import colab; colab.ready('01_x'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_a_run_stays_here_unless_drive_is_wanted(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", None)  # importing it raises ImportError
    assert environment.run_folder("05-coco", here=tmp_path) == tmp_path / "05-coco"
    assert capsys.readouterr().out == ""
    assert environment.run_folder("05-coco", drive=True, here=tmp_path) == tmp_path / "05-coco"
    assert (
        "Google Drive cannot be used (this is not Colab); checkpoints stay"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("leave", [True, False])
def test_on_colab_a_run_goes_to_drive_if_leave_is_given(tmp_path, capsys, monkeypatch, leave):
    def mount(where):
        if not leave:
            raise ValueError("mount failed")

    google = types.ModuleType("google.colab")
    google.drive = types.SimpleNamespace(mount=mount)
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", google)
    monkeypatch.setattr(environment, "DRIVE_MOUNT", tmp_path / "drive")
    folder = environment.run_folder("05-coco", drive=True, here=tmp_path / "here")
    expected = tmp_path / "drive/MyDrive/colorlib/05-coco" if leave else tmp_path / "here/05-coco"
    assert folder == expected and folder.is_dir()
    assert ("(mount failed)" in capsys.readouterr().out) is not leave


@pytest.mark.parametrize("place", ["colab", "jupyter", "terminal"])
def test_the_machine_is_told_without_alarm(place, capsys, monkeypatch):
    monkeypatch.setattr(environment, "detect_environment", lambda: place)
    monkeypatch.setattr(environment, "gpu_name", lambda: None)
    monkeypatch.setattr(environment, "total_memory_gb", lambda: None)
    environment.print_system_info()
    out = capsys.readouterr().out
    assert out.count("✓") == 6 and "not told by this system" in out
    assert ("Runtime → " in out) == (place == "colab")
    assert not any(word in out.lower() for word in ("error", "warning", "fail", "missing"))


def test_memory_is_told_in_gigabytes(monkeypatch):
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 3_000_000}
    monkeypatch.setattr(environment.os, "sysconf", sizes.__getitem__, raising=False)
    assert environment.total_memory_gb() == pytest.approx(12.288)
    monkeypatch.delattr(environment.os, "sysconf")
    assert environment.total_memory_gb() is None
