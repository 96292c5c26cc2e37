"""Widgets for the lessons, made of core ipywidgets (versions 7 and 8).

Each has an equivalent call without widgets in :mod:`colorlib.viz`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from pathlib import PurePath
from typing import Any

import ipywidgets
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from colorlib import color, viz
from colorlib.evaluation.turing import TuringTest
from colorlib.io import images
from colorlib.io.errors import without_error_number
from colorlib.metrics import gray_baseline
from colorlib.tensor_checks import check_images
from colorlib.viz.figure import Figure


def _image_widget() -> ipywidgets.Image:
    """Create an image widget that is not stretched to the width of the notebook."""
    return ipywidgets.Image(layout={"align_self": "flex-start", "max_width": "100%"})


class SliderExplorer(ipywidgets.VBox):
    """Sliders above a figure that is drawn again when one of them moves.

    Args:
        draw: Takes the sliders' values by name and returns a figure.
        live: Whether to draw while a slider moves, and not only when it is released.
        sliders: Name -> (minimum, maximum, step, start).
    """

    def __init__(
        self, draw: Callable[..., Figure], live: bool = False, **sliders: Sequence[float]
    ) -> None:
        self._draw = draw
        self._image = _image_widget()
        self._caption = ipywidgets.HTML()  # shows the alt text, which image widgets do not have
        self._sliders = {}
        for name, (minimum, maximum, step, start) in sliders.items():
            slider = ipywidgets.FloatSlider(
                start, min=minimum, max=maximum, step=step, description=name, continuous_update=live
            )
            slider.observe(self._redraw, names="value")
            self._sliders[name] = slider
        super().__init__([*self._sliders.values(), self._image, self._caption])
        self._redraw()

    def __repr__(self) -> str:
        names = ", ".join(self._sliders)
        return f"<SliderExplorer: run the notebook to see sliders for {names}>"

    def _redraw(self, change: object = None) -> None:
        figure = self._draw(**{name: slider.value for name, slider in self._sliders.items()})
        self._image.value = figure.to_bytes()
        self._caption.value = escape(figure.alt)


class TuringGame(ipywidgets.VBox):
    """A Turing test to play: pairs of images, a button for each side, and a score at the end.

    Without widgets, look at ``test.left`` next to ``test.right`` and call ``test.score("LRRL")``.

    Args:
        test: The pairs.

    Attributes:
        answers: The player's answers so far, L or R for each pair.
    """

    def __init__(self, test: TuringTest) -> None:
        self._test = test
        self.answers = ""
        self._image = _image_widget()
        self._caption = ipywidgets.HTML()  # its text wraps, unlike a Label's
        left = ipywidgets.Button(description="left is the photo")
        right = ipywidgets.Button(description="right is the photo")
        left.on_click(lambda button: self._record_answer("L"))
        right.on_click(lambda button: self._record_answer("R"))
        self._buttons = ipywidgets.HBox([left, right])
        super().__init__([self._image, self._buttons, self._caption])
        self._redraw()

    def __repr__(self) -> str:
        return f"<TuringGame: run the notebook to play with {len(self._test.truth)} pairs>"

    def _record_answer(self, letter: str) -> None:
        if len(self.answers) < len(self._test.truth):
            self.answers += letter
            self._redraw()

    def _redraw(self) -> None:
        i, num_pairs = len(self.answers), len(self._test.truth)
        if i == num_pairs:
            for button in self._buttons.children:
                button.disabled = True
            score = self._test.score(self.answers)
            self._caption.value = f"{score}. The photos were: {self._test.truth}."
            return
        pair = {"left": self._test.left[i], "right": self._test.right[i]}
        figure = viz.image_row(pair, alt=f"Pair {i + 1}: one of the two is the photo.")
        self._image.value = figure.to_bytes()
        self._caption.value = f"Pair {i + 1} of {num_pairs}: which photo has its own colours?"


class PhotoUpload(ipywidgets.VBox):
    """A button to upload photos, which are colorized; the last one is shown in gray and in colour.

    A file that is not a photo does not raise an error: a message says what is wrong with it.
    Without widgets, pass a path here or call ``model(path)``.

    Args:
        model: Colorizes an image, such as a :class:`~colorlib.colorizer.Colorizer`.
        path: A photo to start with; empty for none.
        max_side: Photos whose longer side has more pixels are reduced, to save time.

    Attributes:
        photo: The last photo that could be read, or None.
        result: The same in colour.
        messages: One for each of the files that were processed last.

    Example:
        >>> PhotoUpload(lambda photo: photo)
        <PhotoUpload: run the notebook to see a button for your own photos>
    """

    def __init__(
        self, model: Callable[[Image.Image], Image.Image], path: str = "", max_side: int = 800
    ) -> None:
        self._model = model
        self._max_side = max_side
        self.photo: Image.Image | None = None
        self.result: Image.Image | None = None
        self.messages: list[str] = []
        button = ipywidgets.FileUpload(accept="image/*", multiple=True, description="Your photos")
        button.observe(lambda change: self.process(_uploaded_files(change["new"])), names="value")
        self._output, self._text = ipywidgets.VBox(), ipywidgets.HTML()
        super().__init__([button, self._text, self._output])
        if path.strip():
            self.process([(path.strip(), path.strip())])

    def __repr__(self) -> str:
        text = "; ".join(["run the notebook to see a button for your own photos", *self.messages])
        return f"<PhotoUpload: {text}>"

    def process(self, files: Iterable[tuple[str, images.ImageSource]]) -> None:
        """Colorize files, each given as its name and a source that ``load_image`` accepts."""
        self.messages = []
        colorized_name = None
        for name, source in files:
            try:
                photo = images.load_image(_with_name(source, name))
                photo.thumbnail((self._max_side, self._max_side))
                self.photo, self.result = photo, self._model(photo)
                self.messages.append(f"{name}: coloured, {photo.width} x {photo.height} pixels")
                colorized_name = name
            except (OSError, ValueError, RuntimeError, MemoryError) as error:
                self.messages.append(without_error_number(str(error)))
        if colorized_name is not None:
            link = ipywidgets.HTML(download_link(self.result, colorized_name))
            self._output.children = [compare_slider(self.photo, self.result), link]
        self._text.value = "<br>".join(escape(message) for message in self.messages)


def _with_name(source: images.ImageSource, name: str) -> images.ImageSource:
    """Return bytes as a file with a name, which messages use."""
    if not isinstance(source, bytes | memoryview):
        return source
    file = io.BytesIO(source)
    file.name = name
    return file


def _uploaded_files(value: Any) -> list[tuple[str, bytes]]:
    """Return names and contents: ipywidgets 8 has a tuple of files, 7 a dictionary by name."""
    if isinstance(value, dict):
        return [(name, file["content"]) for name, file in value.items()]
    return [(file["name"], bytes(file["content"])) for file in value]


def download_link(image: Image.Image, name: str) -> str:
    """Return an HTML link that contains an image and saves it as NAME-colorized.jpg.

    Example:
        >>> download_link(Image.new("RGB", (2, 2)), "lawn.png")[:32]
        '<a download="lawn-colorized.jpg"'
    """
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=95, subsampling=0)
    name = escape(f"{PurePath(name).stem}-colorized.jpg")
    data = base64.b64encode(file.getvalue()).decode()
    return f'<a download="{name}" href="data:image/jpeg;base64,{data}">Save {name}</a>'


def compare_slider(photo: images.ImageSource, result: Image.Image) -> SliderExplorer:
    """Show a photo in gray left of a line and in colour right of it, with sliders for both.

    One slider moves the line, the other makes the colours stronger. Without widgets, call
    ``viz.before_after(gray, result, 50)``.

    Args:
        photo: Any source that :func:`colorlib.io.images.load_image` accepts, shown in gray.
        result: The photo in colour, of the same size.
    """
    lab = color.rgb_to_lab(images.image_to_tensor(result))
    gray = gray_baseline(images.image_to_tensor(photo))

    def draw(before: float, colour: float) -> Figure:
        """Draw the photo with the line at ``before`` and chroma multiplied by ``colour``."""
        factors = torch.tensor([1.0, colour, colour]).view(1, 3, 1, 1)
        return viz.before_after(gray, color.lab_to_rgb(lab * factors), before)

    return SliderExplorer(draw, live=True, before=(0, 100, 1, 50), colour=(0, 2, 0.1, 1))


def explore_lab(L: float = 60, a: float = 40, b: float = 30) -> SliderExplorer:
    """Explore Lab with three sliders: the sRGB colours of one lightness, one of them marked.

    Without widgets, call ``viz.plot_gamut_slice(L, a, b)``.

    Example:
        >>> explore_lab()
        <SliderExplorer: run the notebook to see sliders for L, a, b>
    """
    ranges = {"L": (0, 100, 1, L), "a": (-110, 110, 1, a), "b": (-110, 110, 1, b)}
    return SliderExplorer(viz.plot_gamut_slice, **ranges)


def explore_hue_shift(
    net_d: nn.Module,
    rgb: Float[Tensor, "1 3 h w"],
    top: float = 64,
    left: float = 64,
    side: float = 64,
    angle: float = 180,
) -> SliderExplorer:
    """Rotate the hues of a square of a photo, and see a patch discriminator's logits.

    Without widgets, call ``viz.plot_hue_shift(net_d, rgb, top, left, side, angle)``.
    """
    check_images("rgb", rgb)
    h, w = rgb.shape[-2:]
    ranges = {
        "top": (0, h - 16, 8, top),
        "left": (0, w - 16, 8, left),
        "side": (16, min(h, w), 8, side),
        "angle": (0, 180, 15, angle),
    }
    return SliderExplorer(partial(viz.plot_hue_shift, net_d, rgb), **ranges)
