"""The map of the course, drawn once for each lesson, whose box it marks with "you are here"."""

from __future__ import annotations

import io
import tomllib
from typing import Any

from PIL import Image, ImageColor

from course.tool.course_config import ROOT

MAP = tomllib.loads((ROOT / "course/pictures/map.toml").read_text("utf-8"))
THUMBNAILS = "course/pictures/map_thumbnails.png"
LINE_WIDTH = 1.44  # points: two whole pixels at 100 dpi
NUMBER_WIDTH = 26  # of the dark part of a box, which holds the number
INK, SOFT, MARKED, PAPER = "#222222", "#666666", "#ffe9a8", "#ffffff"
LETTER_EDGES = "#aaaaaa"


def alt(number: int, title: str) -> str:
    """Return the alt text of a lesson's map."""
    return f"{MAP['alt']}You are here: lesson {number}, {title}."


def draw(number: int) -> bytes:
    """Return the map with the box of one lesson marked, as a PNG with a small palette."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = MAP["width"], MAP["height"]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    _draw_lines(axes)
    for label in MAP["labels"]:
        _write(axes, *label["at"], label["text"], ha="left")
    for box in MAP["boxes"]:
        _draw_box(axes, box, marked=box["lesson"] == number)
    for thumbnail in MAP["thumbnails"]:
        x, y, side = thumbnail["place"]
        _write(axes, x + side / 2, y + side + 11, thumbnail["text"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer("RGBA", (width, height), canvas.buffer_rgba()).convert("RGB")
    return _with_thumbnails(image)


def _with_thumbnails(image: Image.Image) -> bytes:
    """Paste the thumbnails into the drawing, and return a PNG with only the colours of both."""
    strip = Image.open(ROOT / THUMBNAILS).convert("RGB")
    left = 0
    for thumbnail in MAP["thumbnails"]:
        x, y, side = thumbnail["place"]
        image.paste(strip.crop((left, 0, left + side, side)), (x, y))
        left += side
    colors = [ImageColor.getrgb(color) for color in (PAPER, MARKED, INK, SOFT, LETTER_EDGES)]
    colors += [color for _, color in strip.getcolors()]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for color in dict.fromkeys(colors) for value in color])
    file = io.BytesIO()
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(
        file, "PNG", optimize=True, bits=4
    )
    return file.getvalue()


def _draw_lines(axes: Any) -> None:
    line = {"color": SOFT, "linewidth": LINE_WIDTH, "antialiased": False}
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11, **line}
    for corners in MAP["arrows"]:
        axes.plot(*zip(*corners, strict=True), solid_joinstyle="miter", **line)
        axes.annotate("", corners[-1], corners[-2], arrowprops=arrow)
    axes.plot(*zip(*MAP["dotted_line"], strict=True), linestyle=(0, (1, 2)), **line)
    circle = {"markersize": 16, "markerfacecolor": PAPER, "markeredgewidth": LINE_WIDTH}
    axes.plot(*MAP["join"], "o", markeredgecolor=SOFT, **circle)
    _write(axes, *MAP["join"], "+", size=13)


def _draw_box(axes: Any, box: dict[str, Any], marked: bool) -> None:
    from matplotlib.patches import Rectangle

    x, y, width, height = box["place"]
    face, edge, line_width = (MARKED, INK, 2 * LINE_WIDTH) if marked else (PAPER, SOFT, LINE_WIDTH)
    frame = {"facecolor": face, "edgecolor": edge, "linewidth": line_width}
    axes.add_patch(Rectangle((x, y), width, height, **frame))
    axes.add_patch(Rectangle((x, y), NUMBER_WIDTH, height, facecolor=edge))
    middle = y + height / 2 + 1
    bold = {"weight": "bold", "linespacing": 1.4}
    _write(axes, x + NUMBER_WIDTH / 2, middle, box["lesson"], size=11, color=PAPER, **bold)
    _write(axes, x + NUMBER_WIDTH + 9, middle, box["title"], ha="left", size=9.5, **bold)
    if marked:
        badge = {"boxstyle": "square,pad=0.3", "facecolor": INK, "edgecolor": INK}
        badge_y = y - 7 if y < MAP["height"] / 2 else y + height + 7
        _write(axes, x + width / 2, badge_y, "you are here", color=PAPER, bbox=badge, **bold)


def _write(axes: Any, x: float, y: float, text: object, **style: Any) -> None:
    style = {"ha": "center", "va": "center", "size": 8.5, "color": INK, "zorder": 5} | style
    axes.text(x, y, text, **style)
