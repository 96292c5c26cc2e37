"""Watching a training run: curves and example images after each epoch, in files and in a notebook.

Everything is in the folder of the run, so a resumed run continues its curves and images::

    history.json             a row for each epoch
    strips/epoch-0007.png    the example images, colorized after epoch 7; also gray.png, truth.png
    progress.png             the curves, and below them the example images of some epochs
"""

from __future__ import annotations

import base64
import io
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Num
from PIL import Image
from torch import Tensor

from colorlib.engine import distributed
from colorlib.engine.callbacks import Callback
from colorlib.evaluation.evaluate import colorize_batch
from colorlib.io import images
from colorlib.io.files import write_json
from colorlib.notebook.environment import detect_environment
from colorlib.tensor_checks import check_images
from colorlib.viz.plots import plot_losses, plot_progress

if TYPE_CHECKING:
    from colorlib.training import Trainer


class TrainingMonitor(Callback):
    """Saves curves and example images after each epoch, and shows them in a notebook.

    Args:
        rgb: the example images, (n, 3, s, s), uint8 or in [0, 1].
        folder: where to save.
        live: whether to show a figure in the notebook and update it; by default, if there is one.
        gray: the validation score of a = b = 0, for the curves.
        epochs: the epochs after which to save; all if not given.
    """

    def __init__(
        self,
        rgb: Num[Tensor, "n 3 s s"],
        folder: str | Path,
        *,
        live: bool | None = None,
        gray: float | None = None,
        epochs: Container[int] | None = None,
    ) -> None:
        check_images("rgb", rgb, allow_uint8=True)
        self.rgb, self.folder, self.gray, self.epochs = rgb, Path(folder), gray, epochs
        self.live = detect_environment() != "terminal" if live is None else live
        self._displays: list[Any] = []

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Save the curves and the example images, and show them."""
        is_wanted = self.epochs is None or trainer.epoch in self.epochs
        if distributed.rank() > 0 or not is_wanted:
            return
        scaler = trainer.config.scaler
        truth = self.rgb if self.rgb.is_floating_point() else self.rgb / 255
        self._save_strip("gray", colorize_batch(None, self.rgb, scaler))
        self._save_strip("truth", truth)
        colorized = colorize_batch(trainer.eval_model(), self.rgb, scaler)
        self._save_strip(f"epoch-{trainer.epoch:04d}", colorized)
        write_json(self.folder / "history.json", trainer.history)
        figures = [
            plot_losses(trainer.history, gray=self.gray),
            plot_progress(load_progress_images(self.folder)),
        ]
        bundles = [figure.mime_bundle() for figure in figures]  # plotted once: plotting is slow
        page = _stack([_decode(data) for data, _ in bundles])
        images.save_image(page, self.folder / "progress.png", overwrite=True)
        if self.live:
            self._show(bundles)

    def _save_strip(self, name: str, rgb: Tensor) -> None:
        """Save images next to each other, as one image."""
        path = self.folder / "strips" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        images.save_image(torch.cat(list(rgb.float()), dim=2), path, overwrite=True)

    def _show(self, bundles: list[tuple[dict, dict]]) -> None:
        from IPython.display import DisplayHandle

        if not self._displays:
            self._displays = [DisplayHandle() for _ in bundles]
            for display, (data, metadata) in zip(self._displays, bundles, strict=True):
                display.display(data, metadata=metadata, raw=True)
        else:
            for display, (data, metadata) in zip(self._displays, bundles, strict=True):
                display.update(data, metadata=metadata, raw=True)


def load_progress_images(
    folder: str | Path, epochs: Sequence[int] | None = None, max_epochs: int = 5
) -> dict[str, list[Image.Image]]:
    """Load the images that a monitor saved, for :func:`colorlib.viz.plot_progress`.

    Args:
        folder: that of the :class:`TrainingMonitor`.
        epochs: which to load; by default at most ``max_epochs``, evenly spaced, with the last.
        max_epochs: how many epochs at most, if ``epochs`` is not given.

    Returns:
        ``gray``, ``epoch 1``, ..., ``truth``, each a list of square images.

    Raises:
        FileNotFoundError: if there are no images, or none of that epoch.
    """
    folder = Path(folder) / "strips"
    saved = sorted(int(path.stem.removeprefix("epoch-")) for path in folder.glob("epoch-*.png"))
    if not saved:
        raise FileNotFoundError(
            f"{folder} holds no strips; expected a run that was monitored for an epoch"
        )
    if epochs is None:
        n = min(max_epochs, len(saved))
        epochs = sorted({saved[round((i + 1) * len(saved) / n) - 1] for i in range(n)})
    names = {f"epoch {epoch}": f"epoch-{epoch:04d}" for epoch in epochs}
    names = {"gray": "gray", **names, "truth": "truth"}
    return {title: _load_strip(folder / f"{name}.png") for title, name in names.items()}


def _load_strip(path: Path) -> list[Image.Image]:
    strip = images.load_image(path)
    side = strip.height
    return [strip.crop((x, 0, x + side, side)) for x in range(0, strip.width, side)]


def _decode(data: dict[str, str]) -> Image.Image:
    """Return the image of a figure's MIME bundle."""
    encoded = next(text for mime, text in data.items() if mime.startswith("image/"))
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")


def _stack(pages: list[Image.Image]) -> Image.Image:
    """Return images below each other, on white."""
    size = max(page.width for page in pages), sum(page.height for page in pages)
    stacked, top = Image.new("RGB", size, "white"), 0
    for page in pages:
        stacked.paste(page, (0, top))
        top += page.height
    return stacked
