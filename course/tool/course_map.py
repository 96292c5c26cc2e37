"""The course as one figure, drawn once for each lesson, whose box it marks with "you are here"."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageColor, ImageFilter

WIDTH, HEIGHT = 906, 332  # pixels; coordinates below count them from the top left corner
LINE = 1.44  # points: two whole pixels
COLORS = 6  # of the photos, beside those of the drawing
PHOTO = "flower"
INK, SOFT, FILL, PAPER = "#222222", "#666666", "#ffe9a8", "#ffffff"
DRAWN = (PAPER, FILL, INK, SOFT, "#aaaaaa")  # the last for the edges of letters
ALT = (
    "The course as a figure. Start here (lesson 0) leads to a gray photo, L. It goes into the U-Net, the "
    "generator (2), which gives a and b; pretrained encoders (7) lead into the U-Net, too. L stays as it is; "
    "joined with a and b it is a colour photo (colour spaces, 1). PatchGAN, the critic (3), looks at L with "
    "a and b; the loss (4) and training (5) follow, which gives the U-Net better weights. From the colour "
    "photo the way leads to evaluation (6) and to the papers compared (8). "
)


@dataclass(frozen=True)
class Box:
    """A lesson's place: left, top, width, height; its words."""

    x: int
    y: int
    w: int
    h: int
    title: str


TAB = 26  # the dark part of a box, which holds the number
BOXES = {
    0: Box(20, 18, 140, 36, "Start here"),
    1: Box(570, 18, 156, 36, "Colour spaces"),
    2: Box(202, 110, 148, 76, "U-Net,\nthe generator"),
    3: Box(576, 260, 144, 52, "PatchGAN,\nthe critic"),
    4: Box(420, 260, 96, 52, "Loss"),
    5: Box(244, 260, 116, 52, "Training"),
    6: Box(764, 130, 122, 36, "Evaluation"),
    7: Box(20, 260, 140, 52, "Pretrained\nencoders"),
    8: Box(764, 260, 122, 52, "Papers\ncompared"),
}
JOIN = (553, 148)
PATHS = (  # corners; whether it is an arrow, or a dotted line that only says what belongs together
    ((90, 54), (90, 114), True),
    ((122, 148), (200, 148), True),
    ((165, 148), (165, 88), (553, 88), (553, 138), True),
    ((350, 148), (390, 148), True),
    ((506, 148), (543, 148), True),
    ((563, 148), (614, 148), True),
    ((648, 54), (648, 116), False),
    ((680, 148), (762, 148), True),
    ((648, 204), (648, 258), True),
    ((576, 286), (518, 286), True),
    ((420, 286), (362, 286), True),
    ((302, 260), (302, 186), True),
    ((90, 260), (90, 228), (250, 228), (250, 186), True),
    ((825, 166), (825, 258), True),
)
REMARKS = (
    (318, 78, "L stays as it is"),
    (656, 232, "L with a and b"),
    (310, 226, "better weights"),
)
THUMBNAILS = (  # left, top, side, words
    (58, 116, 64, "gray photo, L"),
    (392, 122, 52, "a"),
    (452, 122, 52, "b"),
    (616, 116, 64, "colour photo"),
)


def alt(number: int, title: str) -> str:
    """What the figure of a lesson shows, for those who cannot see it."""
    return f"{ALT}You are here: lesson {number}, {title}."


def draw(number: int) -> bytes:
    """The figure with one lesson marked, as a PNG with a small palette.

    Args:
        number: of a lesson in ``BOXES``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    _arrows(axes)
    for x, y, size, words in THUMBNAILS:
        _write(axes, x + size / 2, y + size + 11, words)
    for place, box in BOXES.items():
        _box(axes, place, box, place == number)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer("RGBA", (WIDTH, HEIGHT), canvas.buffer_rgba()).convert("RGB")
    photos = _photos()
    for (x, y, *_), photo in zip(THUMBNAILS, photos, strict=True):
        image.paste(photo, (x, y))
    small = image.quantize(
        palette=_palette([*DRAWN, *_colors(photos[1:])]), dither=Image.Dither.NONE
    )
    files = [io.BytesIO() for _ in range(2)]
    for bits, file in zip((4, 8), files, strict=True):
        small.save(file, "PNG", optimize=True, bits=bits)
    return min((file.getvalue() for file in files), key=len)


def _photos() -> list[Image.Image]:
    """The thumbnails: a photo's L, a alone, b alone, and the photo."""
    import torch

    from colorlib import color, data
    from colorlib.images import to_image

    photo = next(photo for photo in data.photos("all") if photo.name == PHOTO).rgb(160)
    left = (photo.shape[3] - photo.shape[2]) // 2
    L, a, b = color.rgb_to_lab(photo[..., left : left + photo.shape[2]]).split(1, dim=1)
    even, none = torch.full_like(L, 65), torch.zeros_like(L)
    parts = [(L, none, none), (even, a, none), (even, none, b), (L, a, b)]
    pictures = [to_image(color.lab_to_rgb(torch.cat(part, dim=1))) for part in parts]
    smooth = ImageFilter.MedianFilter(3)  # speckles cost bytes
    sides = [side for _, _, side, _ in THUMBNAILS]
    small = [
        picture.resize((side, side)).filter(smooth)
        for picture, side in zip(pictures, sides, strict=True)
    ]
    grays = _palette([color for color in DRAWN if color != FILL])
    return [small[0].quantize(palette=grays, dither=Image.Dither.NONE).convert("RGB"), *small[1:]]


def _colors(photos: list[Image.Image]) -> list[str]:
    """The colours that stand for all those of the photos."""
    strip = Image.new(
        "RGB", (sum(photo.width for photo in photos), max(photo.height for photo in photos))
    )
    left = 0
    for photo in photos:
        strip.paste(photo.resize((photo.width, strip.height)), (left, 0))
        left += photo.width
    found = bytes(strip.quantize(COLORS, kmeans=9).getpalette()[: 3 * COLORS])
    return [f"#{found[at : at + 3].hex()}" for at in range(0, len(found), 3)]


def _palette(colors: list[str]) -> Image.Image:
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in colors for part in ImageColor.getrgb(color)])
    return palette


def _arrows(axes: Any) -> None:
    style = {"color": SOFT, "linewidth": LINE, "antialiased": False}
    for *points, pointed in PATHS:
        line = "-" if pointed else (0, (1, 2))
        axes.plot(*zip(*points, strict=True), linestyle=line, solid_joinstyle="miter", **style)
        if pointed:
            arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11, **style}
            axes.annotate("", points[-1], points[-2], arrowprops=arrow)
    axes.plot(
        *JOIN, "o", markersize=16, markerfacecolor=PAPER, markeredgecolor=SOFT, markeredgewidth=LINE
    )
    _write(axes, *JOIN, "+", size=13)
    for x, y, words in REMARKS:
        _write(axes, x, y, words, ha="left")


def _box(axes: Any, number: int, box: Box, here: bool) -> None:
    from matplotlib.patches import Rectangle

    face, edge, width = (FILL, INK, 2 * LINE) if here else (PAPER, SOFT, LINE)
    axes.add_patch(
        Rectangle((box.x, box.y), box.w, box.h, facecolor=face, edgecolor=edge, linewidth=width)
    )
    axes.add_patch(Rectangle((box.x, box.y), TAB, box.h, facecolor=INK if here else SOFT))
    row = box.y + box.h / 2 + 1
    _write(axes, box.x + TAB / 2, row, number, size=11, color=PAPER, weight="bold")
    _write(
        axes, box.x + TAB + 9, row, box.title, ha="left", size=9.5, weight="bold", linespacing=1.4
    )
    if here:
        badge = {"boxstyle": "square,pad=0.3", "facecolor": INK, "edgecolor": INK}
        edge = box.y - 7 if box.y < HEIGHT / 2 else box.y + box.h + 7
        _write(
            axes, box.x + box.w / 2, edge, "you are here", color=PAPER, weight="bold", bbox=badge
        )


def _write(axes: Any, x: float, y: float, words: object, **style: Any) -> None:
    axes.text(
        x,
        y,
        words,
        **{"ha": "center", "va": "center", "size": 8.5, "color": INK, "zorder": 5} | style,
    )
