"""Tables of the library's data sets and recipes as Markdown, so that texts agree with the code."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from course.tool import markdown
from course.tool.cli import CourseError


def data_card(name: str) -> str:
    """Return the Markdown for a data set of ``catalog.toml``, or for the embedded ``photos``.

    Raises:
        CourseError: If no table has this name.
    """
    if name == "photos":
        return _photo_card()
    sources = _read_toml("catalog.toml")
    if name not in sources:
        names = ", ".join(["photos", *sources])
        raise CourseError(f"there is no data set {name!r}: write one of {names}.")
    source = sources[name]
    counts = {
        folder: source["counts"][folder] for folder in source.get("folders", source["counts"])
    }
    folders = ", ".join(f"`{folder}`" for folder in counts)
    published = "a sha256 that others have published" if source.get("sha256") else "its size only"
    rows = [("What it is", source["title"][0].upper() + source["title"][1:])]
    if source.get("size"):
        rows.append(("Download", f"{source['size'] / 1e6:,.0f} MB"))
    rows += [
        ("Pictures in use", f"{sum(counts.values()):,}, in {folders}"),
        ("Licence, as stated by its authors", source["licence"]),
        ("Credit", source["citation"]),
        ("How a download is checked", f"against {published}, then by counting the pictures"),
    ]
    return markdown.table(("Fact", "Value"), rows)


def data_card_names() -> list[str]:
    """Return every name that has a data card."""
    return ["photos", *_read_toml("catalog.toml")]


def recipe_notes(paper: str) -> str:
    """Return what the recipes of a paper are, and what they chose where the paper is silent.

    Args:
        paper: As :attr:`colorlib.recipes.Recipe.paper`, or ``all`` for what all papers share.

    Raises:
        CourseError: If there is no recipe of such a paper.
    """
    from colorlib.recipes import CITED, RECIPES  # they import torch, which most texts do not need

    everything = [*RECIPES.values(), *CITED.values()]
    papers = list(dict.fromkeys(recipe.paper for recipe in everything))
    if paper not in ("all", *papers):
        names = ", ".join(["all", *papers])
        raise CourseError(f"there are no recipes of {paper!r}: write one of {names}.")
    shared = set.intersection(*(set(recipe.unspecified.items()) for recipe in everything))
    header = ("Left open or contradicted", "What the recipe does", "Recipes")
    if paper == "all":
        return markdown.table(header, [(*note, "all") for note in sorted(shared)])
    recipes = [recipe for recipe in everything if recipe.paper == paper]
    names: dict[tuple[str, str], list[str]] = {}
    for recipe in recipes:
        for note in recipe.unspecified.items():
            if note not in shared:
                names.setdefault(note, []).append(f"`{recipe.name}`")
    systems = [f"- `{recipe.name}`: {recipe.description}." for recipe in recipes]
    photos = dict.fromkeys(f"Photos: {recipe.data.description}." for recipe in recipes)
    if len(recipes) == 1:
        table = markdown.table(header[:2], names)
    else:
        rows = [
            (*note, "all" if len(users) == len(recipes) else ", ".join(users))
            for note, users in names.items()
        ]
        table = markdown.table(header, rows)
    return "\n".join([*systems, "", *photos, "", table])


def _photo_card() -> str:
    splits = {"train": "training", "test": "held out"}
    rows = []
    for name, photo in _read_toml("sample_photos.toml").items():
        facts = [photo[key] for key in ("licence", "credit", "alt")]
        rows.append([f"`{name}`", photo["title"], splits[photo["split"]], *facts])
    header = ("Photo", "Title", "Split", "Licence", "Credit", "Description")
    return markdown.table(header, rows)


def _read_toml(name: str) -> dict[str, dict]:
    return tomllib.loads(files("colorlib.data").joinpath(name).read_text("utf-8"))
