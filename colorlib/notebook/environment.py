"""The environment of a notebook: where it runs, which hardware it has, and whether it is ready.

Nothing here imports torch, so that a set-up cell ends within milliseconds.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from colorlib import __version__
from colorlib.check.progress import exercise_texts, open_lesson
from colorlib.io.errors import OneSentenceError
from colorlib.io.threads import available_cores, configure_threads

#: The menu path to a GPU on Colab.
GPU_MENU_PATH = "Runtime → Change runtime type → T4 GPU → Save"
_GPU_MENU_PATHS = {"colab": GPU_MENU_PATH, "kaggle": "Session options → Accelerator → GPU T4 x2"}
#: Where Colab mounts Google Drive.
DRIVE_MOUNT = Path("/content/drive")


class ProfileError(OneSentenceError, ValueError):
    """A profile that no lesson has."""


class LessonError(OneSentenceError, LookupError):
    """A lesson that this version of the library does not have."""

    notebook_hint = "restart the kernel after the installation, then run the set-up cell again"


def check_profile(profile: str) -> None:
    """Raise unless a lesson's ``PROFILE`` is one of the two that every lesson has.

    Example:
        >>> check_profile("reduced")
        >>> check_profile("Full")
        Traceback (most recent call last):
        colorlib.notebook.environment.ProfileError: PROFILE is 'Full'; expected "reduced" or "full"
    """
    if profile not in ("reduced", "full"):
        raise ProfileError(f'PROFILE is {profile!r}; expected "reduced" or "full"')


def detect_environment() -> Literal["colab", "kaggle", "jupyter", "terminal"]:
    """Return where this code runs.

    Example:
        >>> detect_environment() in ("colab", "kaggle", "jupyter", "terminal")
        True
    """
    # Kaggle comes first: its image is made from Colab's, with the variables and packages of it.
    if "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
        return "kaggle"
    if "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ:
        return "colab"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return "jupyter" if hasattr(shell, "kernel") else "terminal"


def gpu_name() -> str | None:
    """Return the name of the first NVIDIA GPU, for example ``"Tesla T4"``, or None without one."""
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in path.read_text().splitlines():
            if line.startswith("Model:"):
                return line.removeprefix("Model:").strip()
    return None


def total_memory_gb() -> float | None:
    """Return the computer's memory in GB (1e9 bytes), or None if the system does not report it.

    Example:
        >>> total_memory_gb() is None or total_memory_gb() > 0.1
        True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def system_info() -> dict[str, str]:
    """Return where this code runs, the version of Python, and the hardware, as text.

    Example:
        >>> list(system_info())
        ['runs in', 'Python', 'processor', 'memory', 'GPU']
    """
    memory = total_memory_gb()
    return {
        "runs in": detect_environment(),
        "Python": platform.python_version(),
        "processor": f"{available_cores()} cores",
        "memory": f"{memory:.0f} GB" if memory else "not reported by this system",
        "GPU": gpu_name() or "none",
    }


def print_system_info() -> None:
    """Print versions and hardware, one line each; ``colorlib info`` prints more."""
    rows = system_info() | {"torch": version("torch")}
    if gpu_name() is None:
        rows["GPU"] = "none; this lesson does not need one, and every lesson runs without one"
    for name, value in rows.items():
        print(f"✓ {name:10} {value}")
    place = detect_environment()
    if place in _GPU_MENU_PATHS and gpu_name() is None:
        lends = f"{place.capitalize()} lends you a GPU: {_GPU_MENU_PATHS[place]}"
        print(f"For long training runs, from lesson 5 on, {lends}.")


def print_ready(lesson: str, needs_gpu: bool = False) -> None:
    """Print the last line of a lesson's set-up in green, with the versions and the device.

    PyTorch gets half of the cores, which keeps a lesson fast where others compute as well.
    Afterwards each message of the library, such as "resumed at epoch 7, step 812", appears below
    the cell that caused it.

    Args:
        lesson: The notebook's name, for example ``"01_colour_spaces"``.
        needs_gpu: Whether to print how to get a GPU if there is none.

    Raises:
        LessonError: If the library has no such lesson, because the notebook is newer.
        RuntimeError: If torch is not installed.
    """
    # With small images a second thread gains little, and on a busy machine it costs much.
    configure_threads(max(1, available_cores() // 2))
    number = int(lesson.split("_")[0])
    known = sorted({int(exercise.split(".")[0]) for exercise in exercise_texts()})
    if number not in known:
        raise LessonError(
            f"this notebook is {lesson}, but colorlib {__version__} has lessons {known[0]} to "
            f"{known[-1]}: install the version that the notebook was made for, with "
            f"pip install --force-reinstall and the address in the set-up cell"
        )
    try:
        torch_version = version("torch")
    except PackageNotFoundError:
        advice = "install it with: pip install torch torchvision"
        raise RuntimeError(f"torch is not installed; {advice}") from None
    logger = logging.getLogger("colorlib")
    logger.handlers = [_PrintHandler()]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    gpu = gpu_name()
    open_lesson(number)
    versions = (
        f"colorlib {__version__} · Python {platform.python_version()} · torch {torch_version}"
    )
    print(f"\x1b[32m✓ Ready for lesson {number} · {versions} · {gpu or 'CPU'}\x1b[0m")
    if needs_gpu and gpu is None:
        elsewhere = "run it where PyTorch can use a GPU"
        advice = _GPU_MENU_PATHS.get(detect_environment(), elsewhere)
        print(f"This lesson is much faster with a GPU: {advice}. It also runs without one.")


def run_folder(name: str, drive: bool = False, root: str | Path = "runs") -> Path:
    """Create and return a folder for a training run, on Google Drive if possible and wanted.

    The disk of a Colab session is deleted with the session; files on Drive stay. The function asks
    for Drive only if ``drive`` is true. If Drive is not available, it prints why and uses ``root``;
    if that cannot be written to, a temporary folder.

    Args:
        name: Of the run, for example ``"05-coco"``.
        drive: Whether to use Drive; Colab then asks you for permission.
        root: The folder that contains the run if it is not on Drive.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run_folder("05-coco", root=folder).name
        '05-coco'
    """
    if drive:
        try:
            return _drive_folder(name)
        except ImportError:
            reason = "this is not Colab"
        except Exception as error:  # permission refused, Drive full or offline: train all the same
            reason = str(error)
        print(f"Google Drive cannot be used ({reason}); the run stays on this machine's disk.")
    folder = Path(root, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(0, "it is read-only")
    except OSError as error:
        temporary = Path(tempfile.mkdtemp(prefix="colorlib-"), name)
        temporary.mkdir()
        print(f"{folder} cannot be written to ({error.strerror}); using {temporary}.")
        return temporary
    return folder


def _drive_folder(name: str) -> Path:
    if detect_environment() == "kaggle":
        raise ImportError("google.colab is there, but it would wait for Colab's page for ever")
    from google.colab import drive

    drive.mount(str(DRIVE_MOUNT))
    folder = DRIVE_MOUNT / "MyDrive" / "colorlib" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def stop_without_traceback() -> Iterator[None]:
    """End a block that is interrupted as if it had ended by itself, with one line.

    The cells below a training run can then be run with what was trained so far.

    Example:
        >>> with stop_without_traceback():
        ...     raise KeyboardInterrupt
        stopped; run this cell again to resume
    """
    try:
        yield
    except KeyboardInterrupt:
        print("stopped; run this cell again to resume")


class _PrintHandler(logging.Handler):
    """Print log messages: a StreamHandler would write to the output of the cell that created it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record))
