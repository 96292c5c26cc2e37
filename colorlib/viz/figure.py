"""Figures that everyone can read: alt text on each, colours that stay apart for colour-blind eyes.

Curves use the palette of Okabe and Ito (2008) and a different dash each, scalar maps use cividis, and the
channels a and b use diverging maps that are centred on zero, so that colour alone never carries the meaning.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
#: Maps for scalars and for the channels: a from green to pink, b from blue to yellow, white at zero.
CMAP_SCALAR, CMAP_A = "cividis", "PiYG_r"
CMAP_B = LinearSegmentedColormap.from_list(
    "blue_yellow", ["#08407e", "#5b9bd5", "#f7f7f7", "#e0b000", "#6e5200"]
)

STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.grid": False,
    "figure.facecolor": "white",
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


class Figure(MatplotlibFigure):
    """A matplotlib Figure that shows itself with its alt text, without pyplot.

    Args:
        alt: One or two sentences that say what is seen.
        photo: Whether it holds photographs: shown as JPEG then, which keeps notebooks small.
        keywords: As for matplotlib's Figure; ``layout`` is ``"constrained"`` if not given.

    Example:
        >>> figure = Figure(alt="An empty page.", figsize=(2, 1))
        >>> figure
        <Figure: An empty page.>
        >>> figure.savefig(io.BytesIO())
    """

    def __init__(self, *args: Any, alt: str, photo: bool = False, **keywords: Any) -> None:
        if not alt.strip():
            raise ValueError("alt is empty; expected a sentence that says what the figure shows")
        with mpl.rc_context(STYLE):
            super().__init__(*args, **{"layout": "constrained", **keywords})
        if engine := self.get_layout_engine():
            engine.set(w_pad=0.03, h_pad=0.03, wspace=0.0, hspace=0.0)
        self.alt, self.photo = alt, photo

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"

    def subplots(self, *args: Any, **keywords: Any) -> Any:
        """Make axes as matplotlib does, in the style of the course."""
        with mpl.rc_context(STYLE):
            return super().subplots(*args, **keywords)

    def to_bytes(self, dpi: int = 80, quality: int = 72) -> bytes:
        """Draw the figure, ``dpi`` dots to the inch, small enough for a notebook to store.

        It comes as a JPEG of this quality if it holds photographs, else as a PNG of 256 colours.
        """
        canvas, before, small = FigureCanvasAgg(self), self.dpi, io.BytesIO()
        self.set_dpi(dpi)
        canvas.draw()  # savefig would draw twice, and write a PNG to be read back
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        self.set_dpi(before)
        if self.photo:
            image.save(small, "JPEG", quality=quality, optimize=True, progressive=True)
        else:
            image.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        return small.getvalue()

    def bundle(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Give data and metadata as a notebook stores them: the picture, its alt text, and a plain line."""
        mime = "image/jpeg" if self.photo else "image/png"
        data = {mime: base64.b64encode(self.to_bytes()).decode(), "text/plain": repr(self)}
        return data, {mime: {"alt": self.alt}}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data, metadata = self.bundle()
        display(data, metadata=metadata, raw=True)


def line_styles() -> Iterator[dict[str, Any]]:
    """Give colour and dash for one curve after the other; neither is ever the only difference.

    Example:
        >>> next(line_styles())
        {'color': '#0072b2', 'linestyle': 'solid'}
    """
    for color, dash in zip(cycle(OKABE_ITO), cycle(DASHES), strict=False):
        yield {"color": color, "linestyle": dash}
