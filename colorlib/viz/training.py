"""How a training run goes: its losses, and the same pictures from epoch to epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from colorlib.viz.figure import Figure, line_styles
from colorlib.viz.images import image_grid

_PANELS = (
    ("pixel loss", ("G_rec",)),
    ("adversarial losses", ("D_real", "D_fake", "G_GAN")),
    ("val_psnr", ("val_psnr",)),
)
_NOT_KNOWING = 0.6931  # log 2


def plot_losses(history: Sequence[Mapping[str, float]], *, gray: float | None = None) -> Figure:
    """Draw a run's losses, a panel for each kind that it has.

    Args:
        history: a row for each epoch, as :attr:`colorlib.training.Trainer.history` has them.
        gray: the validation score of a = b = 0, drawn as a line if given.

    Raises:
        ValueError: no epoch is over yet.

    Example:
        >>> plot_losses([{"epoch": 0, "G_rec": 0.2}, {"epoch": 1, "G_rec": 0.1}])
        <Figure: Curves over 2 epochs. G_rec goes from 0.2 to 0.1.>
    """
    if not history:
        raise ValueError("the history is empty; expected a row for at least one epoch")
    panels = [(title, [name for name in names if name in history[0]]) for title, names in _PANELS]
    panels = [(title, names) for title, names in panels if names]
    said = [
        f"{name} goes from {history[0][name]:.3g} to {history[-1][name]:.3g}"
        for _, names in panels
        for name in names
    ]
    epochs = [row["epoch"] + 1 for row in history]
    alt = f"Curves over {len(history)} epochs. " + "; ".join(said) + "."
    figure = Figure(alt=alt, figsize=(3.6 * len(panels), 2.9))
    for axes, (title, names) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        for name, style in zip(names, line_styles(), strict=False):
            marker = "o" if len(history) < 8 else None
            axes.plot(epochs, [row[name] for row in history], label=name, marker=marker, **style)
        if "D_fake" in names:
            axes.axhline(
                _NOT_KNOWING, color="0.5", linewidth=1, label="log 2: not knowing", zorder=0
            )
        if "val_psnr" in names and gray is not None:
            axes.axhline(gray, color="0.5", linewidth=1, label="gray: a = b = 0", zorder=0)
        if len(names) > 1 or "val_psnr" in names:
            axes.legend(fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", title=title if title != "val_psnr" else "validation PSNR, dB")
    return figure


def plot_progress(
    pictures: Mapping[str, Sequence[Any]], *, alt: str = "", height: float = 1.3
) -> Figure:
    """Show the same pictures at several moments, a row for each picture.

    Args:
        pictures: column title -> the pictures at that moment, for example ``"gray"``, ``"epoch 5"``, ...,
            ``"truth"``.
        alt: what is seen; a plain description if not given.
        height: of a row, in inches.
    """
    titles = list(pictures)
    alt = alt or f"{len(pictures[titles[0]])} pictures, each in a row: {', '.join(titles)}."
    rows = zip(*pictures.values(), strict=True)
    return image_grid(
        {" " * i: list(row) for i, row in enumerate(rows)}, titles, alt=alt, height=height
    )
