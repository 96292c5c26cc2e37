"""Watching a run: after each epoch its curves and a strip of pictures, on disk and live in a notebook.

Everything lies in the stage's folder, so that a resumed run goes on with the curves and strips that it had::

    history.json             a row for each epoch
    strips/epoch-0007.png    the watched pictures, coloured after epoch 7; gray.png and truth.png beside them
    progress.png             curves above, strips below
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from colorlib.evaluation.evaluate import colorize_batch
from colorlib.io import images
from colorlib.io.files import atomic_write
from colorlib.notebook.environment import detect_environment
from colorlib.tensor_checks import check_images
from colorlib.viz.plots import plot_losses, plot_progress

if TYPE_CHECKING:
    from colorlib.training import Trainer


class TrainingMonitor:
    """Call it after each epoch, as :class:`colorlib.training.Trainer` does with ``after_epoch``.

    Args:
        rgb: the pictures to watch, (n, 3, s, s), uint8 or in [0, 1].
        folder: where to write.
        live: whether to redraw a figure in the notebook; found out if not given.
        gray: the validation score of a = b = 0, for the curves.
    """

    def __init__(
        self,
        rgb: Tensor,
        folder: str | Path,
        *,
        live: bool | None = None,
        gray: float | None = None,
    ) -> None:
        check_images("rgb", rgb, allow_uint8=True)
        self.rgb, self.folder, self.gray = rgb, Path(folder), gray
        self.live = detect_environment() != "terminal" if live is None else live
        self._display = None

    def __call__(self, run: Trainer) -> None:
        scale = run.config.scaler
        self._strip("gray", colorize_batch(None, self.rgb, scale))
        self._strip("truth", self.rgb if self.rgb.is_floating_point() else self.rgb / 255)
        self._strip(f"epoch-{run.epoch:04d}", colorize_batch(run.result(), self.rgb, scale))
        _write(self.folder / "history.json", json.dumps(run.history, indent=1).encode())
        curves, pictures = (
            plot_losses(run.history, gray=self.gray),
            plot_progress(load_progress_images(self.folder)),
        )
        shown = [
            figure.mime_bundle() for figure in (curves, pictures)
        ]  # drawn once: drawing takes a while
        drawn = [Image.open(io.BytesIO(_drawn(data))).convert("RGB") for data, _ in shown]
        page = Image.new(
            "RGB", (max(d.width for d in drawn), sum(d.height for d in drawn)), "white"
        )
        page.paste(drawn[0], (0, 0))
        page.paste(drawn[1], (0, drawn[0].height))
        images.save_image(page, self.folder / "progress.png", overwrite=True)
        if self.live:
            self._redraw(shown)

    def _redraw(self, shown: list[tuple[dict, dict]]) -> None:
        from IPython.display import DisplayHandle

        first = self._display is None
        self._display = self._display or [DisplayHandle() for _ in shown]
        for handle, (data, metadata) in zip(self._display, shown, strict=True):
            (handle.display if first else handle.update)(data, metadata=metadata, raw=True)

    def _strip(self, name: str, rgb: Tensor) -> None:
        path = self.folder / "strips" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        images.save_image(torch.cat(list(rgb.float()), dim=2), path, overwrite=True)


def load_progress_images(
    folder: str | Path, epochs: Sequence[int] | None = None, most: int = 5
) -> dict[str, list]:
    """Read the pictures that a :class:`Watch` left, for :func:`colorlib.viz.plot_progress`.

    Args:
        folder: of the stage.
        epochs: which to show; if not given, at most ``most``, evenly over the run, with the last.

    Returns:
        ``gray``, ``epoch 1``, ..., ``truth``, each a list of square pictures.

    Raises:
        FileNotFoundError: there are no strips, or not of that epoch.
    """
    folder = Path(folder) / "strips"
    found = sorted(int(path.stem.removeprefix("epoch-")) for path in folder.glob("epoch-*.png"))
    if not found:
        raise FileNotFoundError(
            f"{folder} holds no strips; expected a run that was watched for an epoch"
        )
    if epochs is None:
        n = min(most, len(found))
        epochs = sorted({found[round((i + 1) * len(found) / n) - 1] for i in range(n)})
    names = {"gray": "gray", **{f"epoch {e}": f"epoch-{e:04d}" for e in epochs}, "truth": "truth"}
    return {title: _squares(folder / f"{name}.png") for title, name in names.items()}


def _squares(path: Path) -> list[Image.Image]:
    strip = images.load_image(path)
    side = strip.height
    return [strip.crop((x, 0, x + side, side)) for x in range(0, strip.width, side)]


def _drawn(data: dict[str, str]) -> bytes:
    """Take the picture out of what a notebook is given."""
    return base64.b64decode(next(text for kind, text in data.items() if kind.startswith("image/")))


def _write(path: Path, data: bytes) -> None:
    with atomic_write(path, overwrite=True) as file:
        file.write(data)
