"""Every system of the five papers, one frozen recipe each, and the experiments that are made of them.

``get("p2-mobilenetv2-lab")`` gives one; :class:`Recipe` says what it holds; :mod:`~colorlib.recipes.papers`
has them all, and :mod:`~colorlib.recipes.pretrained` those of the weights that ship. ``recipe.but(...)`` changes
something, ``recipe.at(64)`` takes it to small pictures, ``recipe.reduced()`` to seconds.
"""

from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes.papers import ALL
from colorlib.recipes.pretrained import OURS

RECIPES = {recipe.name: recipe for recipe in ALL}  #: of the papers
_EVERY = RECIPES | {recipe.name: recipe for recipe in OURS}

__all__ = ["RECIPES", "DataSpec", "Recipe", "get_recipe"]


def get_recipe(name: str) -> Recipe:
    """Give a recipe by its name.

    Raises:
        ValueError: there is none of that name.

    Example:
        >>> get_recipe("p2-cnn").said["PSNR"]
        26.443
    """
    if name not in _EVERY:
        raise ValueError(f"there is no recipe {name!r}; expected one of {', '.join(_EVERY)}")
    return _EVERY[name]
