"""Interactive pieces from core ipywidgets (7 and 8); each has a plain call in ``colorlib.viz`` beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from functools import partial
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING

import ipywidgets
import torch
from PIL import Image

from colorlib import color, viz
from colorlib.evaluation.turing import TuringTest
from colorlib.io import images
from colorlib.metrics import gray_baseline
from colorlib.tensor_checks import check_images

if TYPE_CHECKING:
    from torch import Tensor, nn


def _picture() -> ipywidgets.Image:
    """A picture at its own size, not stretched to the width of the notebook."""
    return ipywidgets.Image(layout={"align_self": "flex-start", "max_width": "100%"})


class SliderExplorer(ipywidgets.VBox):
    """Sliders above a picture that is drawn again whenever one of them moves.

    Args:
        draw: Takes the sliders' values by name, returns a :class:`colorlib.viz.figure.Figure`.
        live: Whether it is drawn while a slider moves, and not only once it is let go.
        sliders: Name -> (least, greatest, step, start).
    """

    def __init__(
        self,
        draw: Callable[..., viz.figure.Figure],
        live: bool = False,
        **sliders: tuple[float, float, float, float],
    ) -> None:
        self._draw = draw
        self._image = _picture()
        self._caption = (
            ipywidgets.HTML()
        )  # ipywidgets' pictures take no alt text, so it is there to read
        self._sliders = {
            name: ipywidgets.FloatSlider(
                value=start,
                min=least,
                max=greatest,
                step=step,
                description=name,
                continuous_update=live,
            )
            for name, (least, greatest, step, start) in sliders.items()
        }
        for slider in self._sliders.values():
            slider.observe(self._redraw, names="value")
        super().__init__([*self._sliders.values(), self._image, self._caption])
        self._redraw()

    def __repr__(self) -> str:
        return (
            f"<Explorer: when the notebook runs, sliders for {', '.join(self._sliders)} stand here>"
        )

    def _redraw(self, change: object = None) -> None:
        figure = self._draw(**{name: slider.value for name, slider in self._sliders.items()})
        self._image.value = figure.to_bytes()
        self._caption.value = escape(figure.alt)


class TuringGame(ipywidgets.VBox):
    """A Turing test to play: a pair, a button under each side, and at the end the score with its interval.

    The plain way is to look at ``test.left`` beside ``test.right`` and to call ``test.score("LRRL")``.

    Args:
        test: the pairs.

    Attributes:
        answers: given so far, L or R for each.
    """

    def __init__(self, test: TuringTest) -> None:
        self._test, self.answers = test, ""
        self._image, self._caption = (
            _picture(),
            ipywidgets.HTML(),
        )  # whose words wrap, unlike a Label's
        buttons = [
            ipywidgets.Button(description=f"{side} is the photo") for side in ("left", "right")
        ]
        for letter, button in zip("LR", buttons, strict=True):
            button.on_click(partial(self._answer, letter))
        self._buttons = ipywidgets.HBox(buttons)
        super().__init__([self._image, self._buttons, self._caption])
        self._draw()

    def __repr__(self) -> str:
        return f"<Game: when the notebook runs, {len(self._test.truth)} pairs stand here, one at a time>"

    def _answer(self, letter: str, button: object) -> None:
        if len(self.answers) < len(self._test.truth):
            self.answers += letter
            self._draw()

    def _draw(self) -> None:
        done, of = len(self.answers), len(self._test.truth)
        if done == of:
            for button in self._buttons.children:
                button.disabled = True
            self._caption.value = (
                f"{self._test.score(self.answers)}. The photos were: {self._test.truth}."
            )
            return
        pair = {side: getattr(self._test, side)[done] for side in ("left", "right")}
        self._image.value = viz.image_row(
            pair, alt=f"Pair {done + 1}: one of the two is the photo."
        ).to_bytes()
        self._caption.value = f"Pair {done + 1} of {of}: which one has its own colours?"


class PhotoUpload(ipywidgets.VBox):
    """A button for photos of one's own: each is coloured, and the last one shown gray and in colour.

    A file that is no photo stops nothing: a line says what it is and what to do. The plain way is to give a
    path, or to call ``model(path)``.

    Args:
        model: What colours, such as a :class:`~colorlib.colorizer.Colorizer`.
        path: A photo to begin with; empty for none.
        side: Photos whose longer side has more pixels are made smaller, to be quick.

    Attributes:
        photo: The last photo that could be read; None before.
        result: The same in colour.
        said: What became of each file that was taken last.

    Example:
        >>> PhotoUpload(lambda photo: photo)
        <Upload: when the notebook runs, a button for your own photos stands here>
    """

    def __init__(
        self, model: Callable[[Image.Image], Image.Image], path: str = "", side: int = 800
    ) -> None:
        self._model, self._side = model, side
        self.photo: Image.Image | None = None
        self.result: Image.Image | None = None
        self.said: list[str] = []
        self._button = ipywidgets.FileUpload(
            accept="image/*", multiple=True, description="Your photos"
        )
        self._button.observe(lambda change: self.take(_files(change["new"])), names="value")
        self._picture, self._said = ipywidgets.VBox(), ipywidgets.HTML()
        super().__init__([self._button, self._said, self._picture])
        if path.strip():
            self.take([(path.strip(), path.strip())])

    def __repr__(self) -> str:
        said = "".join(f"; {line}" for line in self.said)
        return f"<Upload: when the notebook runs, a button for your own photos stands here{said}>"

    def take(self, files: Iterable[tuple[str, images.ImageSource]]) -> None:
        """Colour files, each a name and what :func:`colorlib.io.images.load_image` takes."""
        said, before = [], self.result
        for name, source in files:
            try:
                photo = images.load_image(source)
                photo.thumbnail((self._side, self._side))
                self.photo, self.result = photo, self._model(photo)
                said.append(f"{name}: coloured, {photo.width} x {photo.height} pixels")
                last = name
            except (OSError, ValueError, RuntimeError, MemoryError) as error:
                said.append(str(error).replace("<bytes>", name).replace("<memoryview>", name))
        if self.result is not None and self.result is not before:
            link = ipywidgets.HTML(download_link(self.result, last))
            self._picture.children = [compare_slider(self.photo, self.result), link]
        self.said, self._said.value = said, "<br>".join(map(escape, said))


def _files(value) -> list[tuple[str, bytes]]:
    """Read what an upload holds: ipywidgets 8 gives a tuple of files, ipywidgets 7 a dictionary by name."""
    if isinstance(value, dict):
        return [(name, file["content"]) for name, file in value.items()]
    return [(file["name"], bytes(file["content"])) for file in value]


def download_link(picture: Image.Image, name: str) -> str:
    """Give HTML of a link that saves a picture, which it carries itself, as NAME-colorized.jpg.

    Example:
        >>> download_link(Image.new("RGB", (2, 2)), "lawn.png")[:32]
        '<a download="lawn-colorized.jpg"'
    """
    picture.convert("RGB").save(file := io.BytesIO(), "JPEG", quality=95, subsampling=0)
    name = escape(f"{PurePath(name).stem}-colorized.jpg")
    data = base64.b64encode(file.getvalue()).decode()
    return f'<a download="{name}" href="data:image/jpeg;base64,{data}">Save {name}</a>'


def compare_slider(photo: images.ImageSource, result: Image.Image) -> SliderExplorer:
    """Move a line across a photo, gray left of it and in colour right of it, and make its colours stronger.

    The plain call is ``show.before_after(gray, result, 50)``.

    Args:
        photo: Whatever :func:`colorlib.io.images.load_image` takes; its lightness is shown, whatever its colours.
        result: The same in colour, of the same size.
    """
    lab = color.rgb_to_lab(images.image_to_tensor(result))
    gray = gray_baseline(images.image_to_tensor(photo))

    def draw(before: float, colour: float) -> viz.figure.Figure:
        """Draw both sides of the line."""
        strength = torch.tensor([1.0, colour, colour]).view(1, 3, 1, 1)
        return viz.before_after(gray, color.lab_to_rgb(lab * strength), before)

    return SliderExplorer(draw, live=True, before=(0, 100, 1, 50), colour=(0, 2, 0.1, 1))


def explore_lab(L: float = 60, a: float = 40, b: float = 30) -> SliderExplorer:
    """Walk through Lab with three sliders: the colours of sRGB at one lightness, and yours among them.

    The plain call is ``show.gamut(L, a, b)``.

    Example:
        >>> explore_lab()
        <Explorer: when the notebook runs, sliders for L, a, b stand here>
    """
    return SliderExplorer(
        viz.plot_gamut_slice, L=(0, 100, 1, L), a=(-110, 110, 1, a), b=(-110, 110, 1, b)
    )


def explore_hue_shift(
    net_d: nn.Module,
    rgb: Tensor,
    top: float = 64,
    left: float = 64,
    side: float = 64,
    turn: float = 180,
) -> SliderExplorer:
    """Move a square over a photo, turn its hues, and see what a patch critic says about each place.

    The plain call is ``show.recolored(net_d, rgb, top, left, side, turn)``.
    """
    check_images("rgb", rgb)
    h, w = rgb.shape[-2:]
    ranges = {
        "top": (0, h - 16, 8, top),
        "left": (0, w - 16, 8, left),
        "side": (16, min(h, w), 8, side),
    }
    return SliderExplorer(
        partial(viz.plot_hue_shift, net_d, rgb), **ranges, turn=(0, 180, 15, turn)
    )
