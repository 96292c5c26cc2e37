"""Where am I, which device is there, and is everything ready: answered in milliseconds, without torch."""

from __future__ import annotations

import logging
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from colorlib import __version__

#: What to click when a lesson wants a GPU and there is none.
GPU_MENU_PATH = "Runtime → Change runtime type → T4 GPU → Save"
DRIVE_MOUNT = Path("/content/drive")  #: where Colab puts Google Drive


def detect_environment() -> Literal["colab", "jupyter", "terminal"]:
    """Say where this code runs.

    Example:
        >>> detect_environment() in ("colab", "jupyter", "terminal")
        True
    """
    if "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ:
        return "colab"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return "jupyter" if hasattr(shell, "kernel") else "terminal"


def gpu_name() -> str | None:
    """Name the first NVIDIA GPU that the driver lists, for example ``"Tesla T4"``; None without one."""
    cards = Path("/proc/driver/nvidia/gpus")
    for information in sorted(cards.glob("*/information")):
        for line in information.read_text().splitlines():
            if line.startswith("Model:"):
                return line.removeprefix("Model:").strip()
    return None


def total_memory_gb() -> float | None:
    """Say how much memory this computer has, in GB (1e9 bytes); None where the system does not tell.

    Example:
        >>> total_memory_gb() is None or total_memory_gb() > 0.1
        True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def print_system_info() -> None:
    """Print what this computer gives, and what it is good for: a line each, none of them an alarm.

    ``colorlib report`` says more, for a question to others.
    """
    place = {"colab": "Google Colab", "jupyter": "Jupyter", "terminal": "a terminal"}[
        detect_environment()
    ]
    cores, gigabytes = os.cpu_count() or 1, total_memory_gb()
    rows = {
        "runs in": place,
        "Python": platform.python_version(),
        "torch": version("torch"),
        "processor": f"{cores} core{'s' * (cores > 1)}",
        "memory": f"{gigabytes:.0f} GB" if gigabytes else "not told by this system",
        "GPU": gpu_name() or "none; this lesson needs none, and each lesson runs without",
    }
    for name, found in rows.items():
        print(f"✓ {name:10} {found}")
    if detect_environment() == "colab" and gpu_name() is None:
        print(f"For long trainings, from lesson 5 on, a GPU is free to borrow: {GPU_MENU_PATH}.")


def print_ready(lesson: str, needs_gpu: bool = False) -> None:
    """Print the line that ends every set-up: green, with the versions and the device.

    From then on each message of the library, such as "resumed at epoch 7, step 812", stands below its cell.

    Args:
        lesson: The notebook's name, for example ``"01_colour_spaces"``.
        needs_gpu: Whether to say what to click where there is no GPU.
    """
    try:
        torch = version("torch")
    except PackageNotFoundError:
        raise RuntimeError(
            "torch is not installed; install it with: pip install torch torchvision"
        ) from None
    number, card = int(lesson.split("_")[0]), gpu_name()
    messages = logging.getLogger("colorlib")
    messages.handlers, messages.propagate = [_Below()], False
    messages.setLevel(logging.INFO)
    versions = f"colorlib {__version__} · Python {platform.python_version()} · torch {torch}"
    print(f"\x1b[32m✓ Ready for lesson {number} · {versions} · {card or 'CPU'}\x1b[0m")
    if needs_gpu and card is None:
        click = (
            GPU_MENU_PATH if detect_environment() == "colab" else "run it where PyTorch sees a GPU"
        )
        print(f"This lesson is much faster with a GPU: {click}. It runs without one as well.")


def run_folder(name: str, drive: bool = False, here: str | Path = "runs") -> Path:
    """Give a folder for what a run writes: on Google Drive if that is wanted and possible, else here.

    A session's own disk goes with the session; what lies on Drive stays. Drive is never asked for unless
    ``drive`` is true, and where it cannot be had, one line says why and the run goes on without it.

    Args:
        name: Of the run, for example ``"05-coco"``.
        drive: Whether to ask for Drive; Colab then asks you for leave.
        here: The folder that takes the run otherwise.

    Returns:
        The folder; it is made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run_folder("05-coco", here=folder).name
        '05-coco'
    """
    folder = Path(here, name)
    if drive:
        try:
            from google.colab import drive as google_drive

            google_drive.mount(str(DRIVE_MOUNT))
            folder = DRIVE_MOUNT / "MyDrive" / "colorlib" / name
            folder.mkdir(parents=True, exist_ok=True)
        except (
            Exception
        ) as error:  # not on Colab, leave refused, Drive full or offline: train all the same
            reason = "this is not Colab" if isinstance(error, ImportError) else f"{error}"
            print(
                f"Google Drive cannot be used ({reason}); checkpoints stay on this machine's own disk."
            )
            folder = Path(here, name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class _Below(logging.Handler):
    """Print messages; a stream handler would keep the output of the cell in which it was made."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record))
