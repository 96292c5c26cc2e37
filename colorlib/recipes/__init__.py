"""Every system of the five papers as a frozen recipe, two that they cite, and those that ship.

:class:`Recipe` describes the fields; :mod:`~colorlib.recipes.papers`,
:mod:`~colorlib.recipes.cited` and :mod:`~colorlib.recipes.pretrained` have the values.
``recipe.replace(...)`` changes some of them, ``recipe.with_image_size(64)`` adapts it to small
images, ``recipe.reduced()`` trains in seconds.
"""

from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes.cited import CITED_RECIPES
from colorlib.recipes.papers import PAPER_RECIPES
from colorlib.recipes.pretrained import PRETRAINED_RECIPES

#: The recipes of the papers, by name.
RECIPES = {recipe.name: recipe for recipe in PAPER_RECIPES}
#: The recipes of systems that the papers cite, by name.
CITED = {recipe.name: recipe for recipe in CITED_RECIPES}
_ALL = RECIPES | CITED | {recipe.name: recipe for recipe in PRETRAINED_RECIPES}

__all__ = ["CITED", "RECIPES", "DataSpec", "Recipe", "get_recipe"]


def get_recipe(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises:
        ValueError: if there is no recipe of that name.

    Example:
        >>> get_recipe("p2-cnn").reported["PSNR"]
        26.443
    """
    if name not in _ALL:
        raise ValueError(f"there is no recipe {name!r}; expected one of {', '.join(_ALL)}")
    return _ALL[name]
