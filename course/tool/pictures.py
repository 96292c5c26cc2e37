"""``python -m course pictures``: draw the maps, a lesson's picture, or the picture of the README.

The picture at the top of a lesson is a figure that a cell of its solution shows, cropped and small.
That of the README shows photographs in the colours of the pretrained model.
"""

from __future__ import annotations

import argparse
import base64
import io
from pathlib import Path

from PIL import Image

from course.tool import course_config, course_map, notebooks
from course.tool.boilerplate_cells import PICTURES
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.files import atomic_write_bytes

README_PHOTOS = ("chelsea", "rocket")
MAX_BYTES = 5800  # with the map below it, the notebook still opens fast


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("lesson", nargs="?", help="a lesson that gets a new picture")
    parser.add_argument("cell", nargs="?", help="the id of the cell of its solution that shows it")
    parser.add_argument("--readme", action="store_true", help="draw the picture of the README")
    parser.add_argument("--crop", nargs=4, type=int, help="left, top, right, bottom of a part")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write pictures into course/pictures/."""
    if args.readme:
        files = {"readme.jpg": draw_readme()}
    elif args.lesson:
        figure = find_figure(root / f"solutions/{args.lesson}.ipynb", args.cell)
        picture = shrink(figure.crop(args.crop) if args.crop else figure)
        files = {f"{args.lesson}.webp": picture}
    else:
        lessons = course_config.load(root).lessons
        numbers = [lesson.number for lesson in lessons]
        maps = {number: course_map.draw(number, lessons) for number in numbers}
        files = {f"map_{number}.webp": course_map.encode(image) for number, image in maps.items()}
    for name, data in files.items():
        print(f"{PICTURES}/{name} {write_picture(root / PICTURES / name, data)}")
    return 0


def write_picture(path: Path, data: bytes) -> str:
    """Write a picture unless the file shows the same already; return words for the report.

    Another version of a library may save the same picture in other bytes: the file stays.
    """
    if path.exists() and same_picture(path.read_bytes(), data):
        return "unchanged"
    atomic_write_bytes(path, data)
    return f"written, {len(data) / 1024:.0f} KB"


def same_picture(data: bytes, other: bytes) -> bool:
    """Return whether two image files show the same pixels."""
    return _pixels(data) == _pixels(other)


def _pixels(data: bytes) -> tuple[tuple[int, int], bytes]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size, picture.convert("RGB").tobytes()


def find_figure(solution: Path, cell_id: str | None) -> Image.Image:
    """Return the first stored picture of a cell.

    Raises:
        CourseError: If there is no such cell, or it shows no picture.
    """
    nb = notebooks.read(solution)
    outputs = [
        output for cell in nb.cells if cell.id == cell_id for output in cell.get("outputs", [])
    ]
    for data in (output.get("data", {}) for output in outputs):
        for kind in ("image/png", "image/jpeg"):
            if kind in data:
                return Image.open(io.BytesIO(base64.b64decode(data[kind]))).convert("RGB")
    raise CourseError(
        f"the cell {cell_id!r} of {notebooks.name(solution)} shows no picture: name another cell."
    )


def draw_readme() -> bytes:
    """Return photographs in gray, in the colours of the pretrained model, and in truth, as JPEG."""
    from colorlib import data, metrics, pretrained, viz
    from colorlib.io.images import tensor_to_image

    model, rows = pretrained.load(), {}
    photos = {photo.name: photo for photo in data.sample_photos("all")}
    for name in README_PHOTOS:
        photo = photos[name].rgb()
        gray = tensor_to_image(metrics.gray_baseline(photo))
        no_title = " " * len(rows)  # the names are not shown at the side
        rows[no_title] = [gray, model(gray), tensor_to_image(photo)]
    titles = ["what the model sees", "what it predicts", "the photo"]
    figure = viz.image_grid(rows, titles, alt="its alt text is in the README", height=2.4)
    return figure.to_bytes(100, quality=85)


def shrink(figure: Image.Image) -> bytes:
    """Return the figure as a WebP, as large as ``MAX_BYTES`` allow."""
    width, data = figure.width, b""
    while not data or len(data) > MAX_BYTES:
        file = io.BytesIO()
        small = figure.resize((width, round(figure.height * width / figure.width)))
        small.save(file, "WEBP", quality=60, method=6)
        width, data = round(width * 0.95), file.getvalue()
    return data
