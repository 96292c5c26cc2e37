"""A widget to paint colour hints on a photo: strokes in, the coloured photo next to them.

The front end is in ``hint_painter.js`` and ``hint_painter.css``; it shows pictures and collects
strokes. All colours are computed here, in the kernel. The equivalent call without a widget is
:func:`colorlib.inference.hints.colorize_with_hints`.
"""

from __future__ import annotations

import base64
import io
import math
import reprlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from PIL import Image

from colorlib.colorizer import Colorizer
from colorlib.inference.hints import Hints, PointHint, colorize_with_hints, hint_radius
from colorlib.io.errors import OneSentenceError, without_error_number
from colorlib.io.images import ImageSource, image_to_tensor, load_image, tensor_to_image
from colorlib.metrics import gray_baseline

_FOLDER = Path(__file__).parent


class StrokeError(OneSentenceError, traitlets.TraitError):
    """A stroke that no photo, or not this photo, can have."""


class HintPainter(anywidget.AnyWidget):
    """A photo in gray to paint on with a mouse, a finger, a pen or the keyboard, and the result.

    The photo is colorized again after each stroke. What goes wrong is said in one sentence below
    the pictures, and the last result stays. Without widgets, call
    ``colorize_with_hints(model, photo, Hints(points=[...]))``; a stroke takes as long as this call,
    so reduce a large photo first.

    Args:
        photo: Anything that :func:`colorlib.io.images.load_image` takes. Transparent parts are
            composited on white.
        model: The network whose colours the hints overrule; None to take all colours from the
            hints.
        max_side: The front end gets copies of the pictures whose longer side has at most so many
            pixels. Strokes and the result do not depend on it.

    Attributes:
        strokes: A list with a dictionary for each stroke: its ``color``, as in
            :class:`~colorlib.inference.hints.PointHint`, and its ``points``, a list of pixels
            (x, y) of the photo, from 0. Assign a new list to change it.
        color: The colour of the brush, as ``#rrggbb``.
        message: How many strokes the result has, or what went wrong.
        photo: The photo, upright, in mode RGB.
        result: The photo in colour, of its own size.

    Raises:
        FileNotFoundError, ImageError, TypeError: If the photo cannot be read.
        StrokeError: If ``strokes`` is set to something else; they stay as they were.

    Example:
        >>> painter = HintPainter(Image.new("RGB", (40, 30), (107, 107, 107)))
        >>> painter.strokes = [{"color": "#3a62c4", "points": [(2, 1)]}]
        >>> painter.hints
        Hints(strokes=None, points=[PointHint(x=2, y=1, color='#3a62c4')])
        >>> painter.result.getpixel((39, 29)), painter.message
        ((63, 102, 200), '1 stroke')
        >>> painter
        <HintPainter: run the notebook to paint on the photo>
    """

    _esm = _FOLDER / "hint_painter.js"
    _css = _FOLDER / "hint_painter.css"

    strokes = traitlets.List().tag(sync=True)
    color = traitlets.Unicode("#c8102e").tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    _photo_size = traitlets.List().tag(sync=True)  # width, height
    _brush_radius = traitlets.Int().tag(sync=True)  # in pixels of the photo
    _photo_url = traitlets.Unicode().tag(sync=True)
    _result_url = traitlets.Unicode().tag(sync=True)
    _num_runs = traitlets.Int().tag(sync=True)  # tells the front end that a result is there

    def __init__(
        self, photo: ImageSource, model: Colorizer | None = None, max_side: int = 384
    ) -> None:
        self.photo = load_image(photo)
        self._model = model
        self._max_side = max_side
        self._gray = tensor_to_image(gray_baseline(image_to_tensor(self.photo)))
        self.result = self._gray
        super().__init__(
            _photo_size=list(self.photo.size),
            _brush_radius=hint_radius(*self.photo.size),
            _photo_url=_to_url(self._gray, max_side),
        )
        self._colorize()
        self.observe(self._colorize, names="strokes")

    def __repr__(self) -> str:
        return "<HintPainter: run the notebook to paint on the photo>"

    @property
    def hints(self) -> Hints:
        """The strokes as hints for the photo: points in the order of painting."""
        step = self._brush_radius
        return Hints(points=[hint for stroke in self.strokes for hint in _to_points(stroke, step)])

    def undo(self) -> None:
        """Remove the last stroke, if there is one."""
        self.strokes = self.strokes[:-1]

    @traitlets.validate("strokes")
    def _check_strokes(self, proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            for stroke in proposal["value"]:
                for hint in _to_points(stroke, self._brush_radius):
                    hint.check_inside(*self.photo.size)
        except ValueError as error:
            raise StrokeError(str(error)) from None
        return proposal["value"]

    def _colorize(self, change: object = None) -> None:
        """Compute the result of the strokes, and show it or what went wrong."""
        try:
            if self._model is None and not self.strokes:
                self.result = self._gray
            else:
                self.result = colorize_with_hints(self._model, self.photo, self.hints)
            count = len(self.strokes)
            self.message = "1 stroke" if count == 1 else f"{count or 'no'} strokes"
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            reason = without_error_number(str(error))
            self.message = reason or "memory ran out: expected a smaller photo"
        self._result_url = _to_url(self.result, self._max_side)
        self._num_runs += 1


def _to_points(stroke: Mapping[str, Any], step: int) -> list[PointHint]:
    """Return the points of a stroke, and points between them that are at most a step apart.

    Raises:
        ValueError: If the stroke has no colour or no point, or one that cannot be read.
    """
    try:
        color = str(stroke["color"])
        places = [(int(x), int(y)) for x, y in stroke["points"]]
        first_x, first_y = places[0]
    except (LookupError, TypeError, ValueError, OverflowError):
        found = f"a stroke is {reprlib.repr(stroke)}"
        expected = 'expected a dictionary such as {"color": "#3a62c4", "points": [(120, 80)]}'
        raise ValueError(f"{found}; {expected}, in pixels of the photo") from None
    hints = [PointHint(first_x, first_y, color)]
    for (x, y), (next_x, next_y) in pairwise(places):
        count = max(math.ceil(math.hypot(next_x - x, next_y - y) / step), 1)
        for i in range(1, count + 1):
            between = x + (next_x - x) * i / count, y + (next_y - y) * i / count
            hints.append(PointHint(round(between[0]), round(between[1]), color))
    return hints


def _to_url(image: Image.Image, max_side: int) -> str:
    """Return a small copy of an image as a data URL."""
    small = image.copy()
    small.thumbnail((max_side, max_side))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
