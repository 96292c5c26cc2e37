"""The map of the course, drawn once for each lesson, whose box it marks with "you are here".

``course/pictures/map.toml`` places the boxes of the course's own lessons. A lesson without a place
there gets a box in the rows below, in order, with an arrow to the next.
"""

from __future__ import annotations

import io
import itertools
import textwrap
import tomllib
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageColor

from course.tool.course_config import ROOT, Lesson

MAP = tomllib.loads((ROOT / "course/pictures/map.toml").read_text("utf-8"))
THUMBNAILS = "course/pictures/map_thumbnails.png"
LINE_WIDTH = 1.44  # points: two whole pixels at 100 dpi
NUMBER_WIDTH = 26  # of the dark part of a box, which holds the number
INK, SOFT, MARKED, PAPER = "#222222", "#666666", "#ffe9a8", "#ffffff"
LETTER_EDGES = "#aaaaaa"


ROW = {"boxes": 5, "left": 20, "gap": 34, "width": 146, "height": 52, "space": 34}  # added ones
TITLE_COLUMNS, TITLE_LINES = 15, 2


def alt(lesson: Lesson, lessons: Sequence[Lesson]) -> str:
    """Return the alt text of a lesson's map, which names every box."""
    added = [f"{one.title} ({one.number})" for one in _unplaced(lessons)]
    more = f"In a row below: {', '.join(added)}. " if added else ""
    return f"{MAP['alt']}{more}You are here: lesson {lesson.number}, {lesson.title}."


def boxes(lessons: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Return every box of the map: those of ``map.toml``, then those of the other lessons."""
    found = list(MAP["boxes"])
    for index, lesson in enumerate(_unplaced(lessons)):
        row, column = divmod(index, ROW["boxes"])
        x = ROW["left"] + column * (ROW["width"] + ROW["gap"])
        y = MAP["height"] + ROW["space"] / 2 + row * (ROW["height"] + ROW["space"])
        title = textwrap.wrap(lesson.title, TITLE_COLUMNS, max_lines=TITLE_LINES, placeholder=" …")
        place = [x, y, ROW["width"], ROW["height"]]
        found.append({"lesson": lesson.number, "place": place, "title": "\n".join(title)})
    return found


def height(lessons: Sequence[Lesson]) -> int:
    """Return the height of the map in pixels, with the rows of added boxes."""
    rows = -(-len(_unplaced(lessons)) // ROW["boxes"])
    return MAP["height"] + rows * (ROW["height"] + ROW["space"])


def draw(number: int, lessons: Sequence[Lesson]) -> Image.Image:
    """Return the map with the box of one lesson marked."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = MAP["width"], height(lessons)
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
    axes.set_axis_off()
    _draw_lines(axes, lessons)
    for label in MAP["labels"]:
        _write(axes, *label["at"], label["text"], ha="left")
    for box in boxes(lessons):
        _draw_box(axes, box, marked=box["lesson"] == number)
    for thumbnail in MAP["thumbnails"]:
        x, y, side = thumbnail["place"]
        _write(axes, x + side / 2, y + side + 11, thumbnail["text"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer("RGBA", size, canvas.buffer_rgba()).convert("RGB")
    return _with_thumbnails(image)


def _unplaced(lessons: Sequence[Lesson]) -> list[Lesson]:
    placed = {box["lesson"] for box in MAP["boxes"]}
    return [lesson for lesson in lessons if lesson.number not in placed]


def encode(image: Image.Image) -> bytes:
    """Return a picture as a WebP without loss."""
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True, quality=100, method=6)
    return file.getvalue()


def _with_thumbnails(image: Image.Image) -> Image.Image:
    """Paste the thumbnails into the drawing, with only the colours of both."""
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
    return image.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")


def _draw_lines(axes: Any, lessons: Sequence[Lesson]) -> None:
    line = {"color": SOFT, "linewidth": LINE_WIDTH, "antialiased": False}
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11, **line}
    for corners in [*MAP["arrows"], *_added_arrows(lessons)]:
        axes.plot(*zip(*corners, strict=True), solid_joinstyle="miter", **line)
        axes.annotate("", corners[-1], corners[-2], arrowprops=arrow)
    axes.plot(*zip(*MAP["dotted_line"], strict=True), linestyle=(0, (1, 2)), **line)
    circle = {"markersize": 16, "markerfacecolor": PAPER, "markeredgewidth": LINE_WIDTH}
    axes.plot(*MAP["join"], "o", markeredgecolor=SOFT, **circle)
    _write(axes, *MAP["join"], "+", size=13)


def _added_arrows(lessons: Sequence[Lesson]) -> list[list[list[float]]]:
    """Return an arrow from each added box to the next of its row; none leads to the first."""
    added = [box["place"] for box in boxes(lessons)[len(MAP["boxes"]) :]]
    middle = ROW["height"] / 2
    return [
        [[x + width, y + middle], [next_x - 2, y + middle]]
        for (x, y, width, _), (next_x, next_y, _, _) in itertools.pairwise(added)
        if next_y == y
    ]


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
        above = y < MAP["height"] / 2 or y > MAP["height"]
        badge_y = y - 7 if above else y + height + 7
        _write(axes, x + width / 2, badge_y, "you are here", color=PAPER, bbox=badge, **bold)


def _write(axes: Any, x: float, y: float, text: object, **style: Any) -> None:
    style = {"ha": "center", "va": "center", "size": 8.5, "color": INK, "zorder": 5} | style
    axes.text(x, y, text, **style)
