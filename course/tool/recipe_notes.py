"""What a paper's recipes are and what they chose where the paper is silent, as Markdown.

``<!-- recipes: 002 -->`` in a text holds it for paper 002, ``<!-- recipes: all -->`` for what all have alike;
:mod:`course.tool.regions` fills them, so that a text never says something else than the code does.
"""

from __future__ import annotations

from course.tool.cli import CourseError


def notes(paper: str) -> str:
    """The Markdown for a paper, or for ``all``.

    Args:
        paper: as :attr:`colorlib.recipes.Recipe.paper`, or ``all``.

    Raises:
        CourseError: there is no recipe of such a paper.
    """
    from colorlib.recipes import (
        RECIPES,
    )  # which imports torch: only texts with such a region wait for it

    papers = list(dict.fromkeys(recipe.paper for recipe in RECIPES.values()))
    if paper not in ("all", *papers):
        raise CourseError(
            f"there are no recipes of {paper!r}: write one of all, {', '.join(papers)}."
        )
    every = set.intersection(*(set(recipe.open.items()) for recipe in RECIPES.values()))
    if paper == "all":
        return _table([(value, choice, "all") for value, choice in sorted(every)])
    recipes = [recipe for recipe in RECIPES.values() if recipe.paper == paper]
    where: dict[tuple[str, str], list[str]] = {}
    for recipe in recipes:
        for note in recipe.open.items():
            if note not in every:
                where.setdefault(note, []).append(recipe.name)
    rows = [
        (
            value,
            choice,
            "all" if len(names) == len(recipes) else ", ".join(f"`{name}`" for name in names),
        )
        for (value, choice), names in where.items()
    ]
    systems = [f"- `{recipe.name}`: {recipe.system}." for recipe in recipes]
    photos = dict.fromkeys(f"Photos: {recipe.photos.about}." for recipe in recipes)
    return "\n".join(
        [*systems, "", *photos, "", _table(rows if len(recipes) > 1 else [row[:2] for row in rows])]
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    heads = ("Left open or contradicted", "What the recipe does", "Recipes")[: len(rows[0])]
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
