"""The environment of a notebook, and the green line that ends every set-up."""

import logging
import os
import subprocess
import sys
import types

import pytest

from colorlib.notebook import environment


@pytest.fixture(autouse=True)
def logger():
    """Restore the library's logger after each test."""
    logger = logging.getLogger("colorlib")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    yield logger
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)


def test_messages_after_set_up_are_printed_once(capsys, logger):
    environment.print_ready("01_colour_spaces")
    environment.print_ready("01_colour_spaces")
    capsys.readouterr()
    logger.info("resumed at epoch %d, step %d", 7, 812)
    assert capsys.readouterr().out == "resumed at epoch 7, step 812\n"


def test_detect_environment(monkeypatch):
    for name in ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
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


def test_kaggle_is_not_taken_for_colab(monkeypatch, tmp_path, capsys):
    """Kaggle's image is made from Colab's: it has Colab's variable and the package google.colab."""
    drive = types.SimpleNamespace(mount=lambda path: pytest.fail("it waits for an answer for ever"))
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(drive=drive))
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    assert environment.detect_environment() == "kaggle"
    assert environment.run_folder("05-coco", drive=True, root=tmp_path) == tmp_path / "05-coco"
    assert "Google Drive cannot be used (this is not Colab)" in capsys.readouterr().out


def test_print_ready_prints_one_green_line(capsys, monkeypatch):
    monkeypatch.setattr(environment, "gpu_name", lambda: None)
    environment.print_ready("01_colour_spaces")
    out = capsys.readouterr().out
    assert out.startswith("\x1b[32m✓ Ready for lesson 1 · colorlib ")
    assert out.endswith("· CPU\x1b[0m\n") and out.count("\n") == 1


CLICKS = {
    "colab": "Runtime → Change runtime type → T4 GPU → Save",
    "kaggle": "Session options → Accelerator → GPU T4 x2",
}


@pytest.mark.parametrize("place", CLICKS)
@pytest.mark.parametrize("gpu", [None, "Tesla T4"])
def test_print_ready_says_how_to_get_a_gpu(gpu, place, capsys, monkeypatch):
    monkeypatch.setattr(environment, "gpu_name", lambda: gpu)
    monkeypatch.setattr(environment, "detect_environment", lambda: place)
    environment.print_ready("05_training", needs_gpu=True)
    out = capsys.readouterr().out
    assert (CLICKS[place] in out) == (gpu is None)
    assert (gpu or "CPU") in out


def test_print_ready_without_torch_says_what_to_install(monkeypatch):
    def version(name):
        raise environment.PackageNotFoundError(name)

    monkeypatch.setattr(environment, "version", version)
    with pytest.raises(RuntimeError, match="pip install torch torchvision"):
        environment.print_ready("01_colour_spaces")


def test_print_ready_for_a_lesson_of_a_newer_course_raises(capsys):
    with pytest.raises(environment.LessonError, match="99_future, but colorlib .* lessons 0 to"):
        environment.print_ready("99_future")
    assert "Ready" not in capsys.readouterr().out


def test_print_ready_does_not_import_torch():
    code = (
        "import sys; from colorlib.notebook.environment import print_ready; print_ready('01_x'); "
    )
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_gpu_name_is_read_from_the_driver(tmp_path, monkeypatch):
    card = tmp_path / "0000:00:04.0"
    card.mkdir()
    (card / "information").write_text("Model: \t\t Tesla T4\nIRQ:   \t 33\n")
    monkeypatch.setattr(environment, "Path", lambda text: tmp_path)
    assert environment.gpu_name() == "Tesla T4"
    monkeypatch.setattr(environment, "Path", lambda text: tmp_path / "no driver")
    assert environment.gpu_name() is None


def test_total_memory_is_in_gigabytes(monkeypatch):
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 3_000_000}
    monkeypatch.setattr(environment.os, "sysconf", sizes.__getitem__, raising=False)
    assert environment.total_memory_gb() == pytest.approx(12.288)
    monkeypatch.delattr(environment.os, "sysconf")
    assert environment.total_memory_gb() is None


@pytest.mark.parametrize("place", ["colab", "kaggle", "jupyter", "terminal"])
def test_print_system_info_does_not_alarm(place, capsys, monkeypatch):
    monkeypatch.setattr(environment, "detect_environment", lambda: place)
    monkeypatch.setattr(environment, "gpu_name", lambda: None)
    monkeypatch.setattr(environment, "total_memory_gb", lambda: None)
    environment.print_system_info()
    out = capsys.readouterr().out
    assert out.count("✓") == 6 and "not reported by this system" in out
    assert (" → " in out) == (place in CLICKS) and CLICKS.get(place, "") in out
    assert not any(word in out.lower() for word in ("error", "warning", "fail", "missing"))


def test_run_folder_without_drive(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", None)  # importing it raises ImportError
    assert environment.run_folder("05-coco", root=tmp_path) == tmp_path / "05-coco"
    assert capsys.readouterr().out == ""
    assert environment.run_folder("05-coco", drive=True, root=tmp_path) == tmp_path / "05-coco"
    assert "Google Drive cannot be used (this is not Colab); the run" in capsys.readouterr().out


@pytest.mark.parametrize("permitted", [True, False])
def test_run_folder_on_drive(tmp_path, capsys, monkeypatch, permitted):
    def mount(path):
        if not permitted:
            raise ValueError("mount failed")

    google = types.ModuleType("google.colab")
    google.drive = types.SimpleNamespace(mount=mount)
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", google)
    monkeypatch.setattr(environment, "DRIVE_MOUNT", tmp_path / "drive")
    folder = environment.run_folder("05-coco", drive=True, root=tmp_path / "here")
    on_drive, local = tmp_path / "drive/MyDrive/colorlib/05-coco", tmp_path / "here/05-coco"
    assert folder == (on_drive if permitted else local) and folder.is_dir()
    assert ("(mount failed)" in capsys.readouterr().out) is not permitted


def test_run_folder_that_cannot_be_written_is_a_temporary_one(tmp_path, capsys):
    (tmp_path / "runs").write_text("a file")
    folder = environment.run_folder("05-coco", root=tmp_path / "runs")
    assert folder.is_dir() and folder.name == "05-coco" and tmp_path not in folder.parents
    assert f"{tmp_path / 'runs/05-coco'} cannot be written to (" in capsys.readouterr().out


@pytest.mark.parametrize("profile", ["Full", "FULL", "red", "", None, "full "])
def test_profile_that_no_lesson_has_is_one_sentence(profile):
    with pytest.raises(environment.ProfileError, match='expected "reduced" or "full"') as caught:
        environment.check_profile(profile)
    assert "".join(caught.value._render_traceback_()).count("PROFILE is") == 1


def show(source):
    """Run a cell as a notebook does; return what IPython shows."""
    code = "from IPython.core.interactiveshell import InteractiveShell\n"
    code += f"InteractiveShell.instance().run_cell({source!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_notebook_shows_no_traceback_without_a_network(tmp_path):
    source = f"""
from colorlib.data.catalog import DatasetSource
from colorlib.data.download import download_dataset
source = DatasetSource("set", "", ["http://127.0.0.1:9/set.zip"], "", "")
download_dataset(source, {str(tmp_path)!r}, progress=False, tries=1)"""
    out = show(source)
    assert "Traceback" not in out and "site-packages" not in out
    assert "set could not be downloaded (http://127.0.0.1:9/set.zip: " in out
    assert 'In a lesson: without a network, set PROFILE = "reduced"' in out
    assert len(out.strip().splitlines()) == 2


def test_notebook_shows_no_traceback_without_pretrained_weights(tmp_path):
    source = f"""
import torch
torch.hub.set_dir({str(tmp_path)!r})
def offline(*args, **options):
    raise OSError("no network")
torch.hub.download_url_to_file = offline
from torchvision.models import _api
_api.load_state_dict_from_url = offline
from colorlib.models.backbones import load_torchvision
load_torchvision("resnet18", pretrained=True)"""
    out = show(source)
    assert "Traceback" not in out and 'set PROFILE = "reduced"' in out
    assert "the ImageNet weights of resnet18 could not be loaded" in out


def test_interrupted_cell_ends_in_one_line(capsys):
    with environment.stop_without_traceback():
        raise KeyboardInterrupt
    assert capsys.readouterr().out == "stopped; run this cell again to resume\n"
    with pytest.raises(ValueError, match="other"), environment.stop_without_traceback():
        raise ValueError("other errors pass")


def test_a_lesson_gets_half_of_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr(environment, "available_cores", lambda: 6)
    monkeypatch.setattr(os, "environ", {"HOME": os.environ.get("HOME", ".")})
    environment.print_ready("02_unet")
    assert os.environ["OMP_NUM_THREADS"] == "3"
