"""The page that leads to all executed notebooks, with a picture, the time and the result of each."""

from __future__ import annotations

import base64
import io
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

import jinja2
from nbformat import NotebookNode

from course.tool import notebooks, table
from course.tool.execute import code_cells, pictures
from course.tool.pages import TEMPLATES, title

THUMBNAIL = 720  # pixels, twice what a card shows
TREES = {
    "solutions": "Every exercise solved.",
    "lessons": "As you first open them: nothing is solved yet, and they run to the end all the same.",
}


def overview(root: Path) -> str:
    """The page; it shows what lies in ``build/``, whichever run put it there."""
    course = table.load(root)
    promises = {lesson.name: lesson.promise for lesson in course.lessons}
    trees = []
    for tree, words in TREES.items():
        paths = sorted((root / "build" / tree).glob("*.ipynb"))
        paths = [path for path in paths if (root / tree / path.name).exists()]
        if paths:
            trees.append((tree, words, [card(path, promises.get(path.stem, "")) for path in paths]))
    cards = [card for _, _, cards in trees for card in cards]
    good = sum(not card["problem"] for card in cards)
    today = date.today()
    facts = [f"{today.day} {today:%B %Y}", f"Python {python_version()}", *versions("torch", "torchvision")]
    loader = jinja2.FileSystemLoader(TEMPLATES / "course")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    return environment.get_template("overview.html.j2").render(
        title=course.title, good=good, total=len(cards), facts=facts, trees=trees
    )


def card(path: Path, promise: str) -> dict[str, Any]:
    """What the page says about one executed notebook."""
    nb = notebooks.read(path)
    run, shown = nb.metadata.course.run, pictures(nb)
    cells = sum(cell.execution_count is not None for cell in code_cells(nb))
    picture, alt = thumbnail(shown[0]) if shown else ("", "")
    return {
        "title": title(nb, path.stem),
        "promise": promise,
        "link": f"{path.parent.name}/{path.stem}.html",
        "picture": picture,
        "alt": alt,
        "numbers": [f"{run.seconds:.1f} s", count(cells, "code cell"), count(len(shown), "picture")],
        "problem": run.problem,
    }


def count(number: int, word: str) -> str:
    """``1 picture``, ``2 pictures``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def thumbnail(output: NotebookNode) -> tuple[str, str]:
    """A picture made small, as a data URI, and its alt text."""
    from PIL import Image

    kind, data = next((kind, data) for kind, data in output.data.items() if kind.startswith("image/"))
    alt = output.metadata.get(kind, {}).get("alt", "The first picture of the notebook")
    if kind == "image/svg+xml":
        return data_uri(kind, data.encode()), alt
    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    small = io.BytesIO()
    image.save(small, "WEBP", quality=85)
    return data_uri("image/webp", small.getvalue()), alt


def data_uri(kind: str, data: bytes) -> str:
    """The data as an address that carries it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def versions(*packages: str) -> list[str]:
    """The versions of the packages that are installed."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
