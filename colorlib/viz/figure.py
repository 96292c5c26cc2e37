"""Accessible figures: every figure has alt text, and colour never carries the meaning alone.

Curves use the palette of Okabe and Ito (2008), each with a different dash. Scalar maps use cividis.
The channels a and b use diverging maps that are centred on zero.
"""

from __future__ import annotations

import base64
import io
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
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
CMAP_SCALAR = "cividis"
CMAP_A = "PiYG_r"  #: from green to pink, white at zero
CMAP_B = LinearSegmentedColormap.from_list(  #: from blue to yellow, white at zero
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
    """A matplotlib figure that displays itself with its alt text, without pyplot.

    Args:
        alt: One or two sentences that describe the figure.
        photo: Whether it contains photos. It is then stored as JPEG, which keeps notebooks small.
        layout, keywords: As for matplotlib's Figure.

    Raises:
        ValueError: If ``alt`` is empty.

    Example:
        >>> figure = Figure(alt="An empty page.", figsize=(2, 1))
        >>> figure
        <Figure: An empty page.>
        >>> figure.savefig(io.BytesIO())
    """

    def __init__(
        self, *args, alt: str, photo: bool = False, layout: str | None = "constrained", **keywords
    ) -> None:
        if not alt.strip():
            raise ValueError("alt is empty; expected a sentence that says what the figure shows")
        with mpl.rc_context(STYLE):
            super().__init__(*args, layout=layout, **keywords)
        if layout == "constrained":
            self.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.0, hspace=0.0)
        self.alt = alt
        self.photo = photo

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"

    def subplots(self, *args: Any, **keywords: Any) -> Any:
        """Add axes as matplotlib does, in the style of the course."""
        with mpl.rc_context(STYLE):
            return super().subplots(*args, **keywords)

    def to_bytes(self, dpi: int = 80, quality: int = 72) -> bytes:
        """Return the figure as an image file that is small enough to store in a notebook.

        It is a JPEG of this quality if the figure contains photos, and a PNG of 256 colours if not.
        """
        original_dpi = self.dpi
        self.set_dpi(dpi)
        canvas = FigureCanvasAgg(self)
        canvas.draw()  # savefig would draw twice, and encode a PNG that would have to be decoded
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        self.set_dpi(original_dpi)
        file = io.BytesIO()
        if self.photo:
            image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        else:
            image.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        return file.getvalue()

    def mime_bundle(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return data and metadata as a notebook stores them: the image, its text and alt text."""
        mime_type = "image/jpeg" if self.photo else "image/png"
        data = {mime_type: base64.b64encode(self.to_bytes()).decode(), "text/plain": repr(self)}
        return data, {mime_type: {"alt": self.alt}}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data, metadata = self.mime_bundle()
        display(data, metadata=metadata, raw=True)


@cache
def _alt_texts() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("alt_texts.toml").read_text("utf-8")
    return tomllib.loads(text)


def alt_text(name: str, **values: object) -> str:
    """Return the description of a figure in a lesson.

    The code of a lesson does not contain the descriptions that answer a question above it.

    Args:
        name: Number of the lesson and id of the cell, for example ``"3.s2-figure"``.
        values: What the description leaves open.

    Raises:
        LookupError: If there is no such description.

    Example:
        >>> alt_text("1.s8-coarse")[:30]
        'The photo; with a and b coarse'
    """
    lesson, _, cell = name.partition(".")
    text = _alt_texts().get(lesson, {}).get(cell)
    if text is None:
        raise LookupError(
            f"this version of colorlib has no description of the figure {name!r}; "
            'expected one in colorlib/viz/alt_texts.toml: add it, or pass alt="..."'
        )
    return text.format(**values)


def line_styles() -> Iterator[dict[str, Any]]:
    """Yield a colour and a dash for each curve, so that colour is never the only difference.

    Example:
        >>> next(line_styles())
        {'color': '#0072b2', 'linestyle': 'solid'}
    """
    for color, dash in zip(cycle(OKABE_ITO), cycle(DASHES), strict=False):
        yield {"color": color, "linestyle": dash}
