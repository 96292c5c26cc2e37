"""What is known of a data set, as Markdown: the part of its card that the library's tables hold.

``<!-- data: coco -->`` in a text holds it for one data set of ``colorlib/data/sources.toml``, ``<!-- data:
photos -->`` for the embedded photographs of ``embedded.toml``; :mod:`course.tool.regions` fills them.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

from course.tool.cli import CourseError


def card(name: str) -> str:
    """The Markdown for a data set, or for the ``photos``.

    Raises:
        CourseError: no table knows the name.
    """
    if name == "photos":
        return _photos()
    sources = _read("sources.toml")
    if name not in sources:
        raise CourseError(
            f"there is no data set {name!r}: write one of photos, {', '.join(sources)}."
        )
    source = sources[name]
    rows = {"What it is": source["title"][0].upper() + source["title"][1:]}
    if source.get("size"):
        rows["To download"] = f"{source['size'] / 1e6:,.0f} MB"
    used = {folder: source["counts"][folder] for folder in source.get("folders", source["counts"])}
    rows["Pictures that it gives"] = (
        f"{sum(used.values()):,}, in {', '.join(f'`{name}`' for name in used)}"
    )
    rows["Licence, as its makers state it"] = source["licence"]
    rows["Whom to name"] = source["citation"]
    published = "a sha256 that others have published" if source.get("sha256") else "its size only"
    rows["How a download is checked"] = f"against {published}, then by counting the pictures"
    return _table(("What one asks", "What the table says"), rows.items())


def names() -> list[str]:
    """Every name that has a card."""
    return ["photos", *_read("sources.toml")]


def _photos() -> str:
    parts = {"train": "training", "test": "held out"}
    rows = [
        (
            f"`{name}`",
            photo["title"],
            parts[photo["split"]],
            photo["licence"],
            photo["credit"],
            photo["alt"],
        )
        for name, photo in _read("embedded.toml").items()
    ]
    return _table(("Photo", "Title", "Part", "Licence", "Whom to name", "What one sees"), rows)


def _read(name: str) -> dict[str, dict]:
    return tomllib.loads(files("colorlib.data").joinpath(name).read_text("utf-8"))


def _table(heads: tuple[str, ...], rows) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
