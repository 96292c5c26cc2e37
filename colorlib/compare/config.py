"""What is the same for every system of a comparison: photos, size, time, seed."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from functools import cache

from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, Subset

from colorlib.compare.experiments import Experiment
from colorlib.data.datasets import DataSplits, load_dataset
from colorlib.data.filters import FilterConfig
from colorlib.recipe import Recipe
from colorlib.tensor_checks import check_at_least

log = logging.getLogger("colorlib")


@dataclass(frozen=True)
class ComparisonConfig:
    """How recipes are compared.

    Attributes:
        data: what all of them learn from, as :func:`colorlib.data.datasets.load_dataset` takes it.
        size: side of the pictures; a network that needs larger ones gets its least size.
        test: the photos that are scored, all of them; None for the test part of ``data``.
        minutes: of training for each recipe, over all of its stages; None trains the recipe's epochs.
        reduced: recipes as :meth:`Recipe.reduced` makes them.
        pretrained: whether encoders start with the weights of ImageNet where their recipe says so.
        mixed: whether to compute in 16 bits where that is faster.
        seed: everything random follows from it.
    """

    data: str
    size: int
    test: str | None = None
    minutes: float | None = None
    reduced: bool = False
    pretrained: bool = True
    mixed: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least("size", self.size, 1)
        check_at_least("seed", self.seed, 0)
        if self.minutes is not None:
            check_at_least("minutes", self.minutes, 0)

    def recipe(self, recipe: Recipe) -> Recipe:
        """Take a recipe to this protocol."""
        recipe = recipe.reduced() if self.reduced else recipe.at(self.size)
        recipe = recipe.but(settings={"seed": self.seed, "mixed": self.mixed, "oversize": 1})
        return recipe if self.pretrained else recipe.but(pretrained=False)

    def sets(self, size: int) -> DataSplits:
        """Load the photos at one size: divided the same way at every size, near-duplicates on one side."""
        return _sets(self, size)

    def train_part(self, sets: DataSplits, experiment: Experiment, name: str) -> Dataset[Tensor]:
        """Take what a recipe learns from: all training photos, or a share of them, or those that pass."""
        part, share = sets.train, experiment.shares.get(name, 1.0)
        if name in experiment.filtered:
            passing = [
                i
                for i in range(len(part))
                if FilterConfig().reason(_image(part[i])) is None
            ]
            log.info("%s: filters leave %d of %d training photos", name, len(passing), len(part))
            part = Subset(part, passing)
        return part if share == 1 else Subset(part, range(round(share * len(part))))

    def __str__(self) -> str:
        time = (
            "the recipe's epochs"
            if self.minutes is None
            else f"{self.minutes:g} minutes of training each"
        )
        encoders = (
            "pretrained encoders where the recipe has them"
            if self.pretrained
            else "random encoders"
        )
        return f"{time}, {encoders}, seed {self.seed}" + (
            ", reduced recipes" if self.reduced else ""
        )


@cache
def _sets(protocol: ComparisonConfig, size: int) -> DataSplits:
    ratios = (0.85, 0.05, 0.1) if protocol.test is None else (0.95, 0.05, 0.0)
    how = {"seed": protocol.seed, "reduced": protocol.reduced}
    sets, first = (
        load_dataset(protocol.data, size, split_ratios=ratios, **how),
        32 if protocol.reduced else protocol.size,
    )
    if size != first and isinstance(
        sets.train, Subset
    ):  # what counts as near-duplicates may depend on the size
        like = _sets(protocol, first)
        parts = {
            name: Subset(sets.train.dataset, getattr(like, name).indices)
            for name in ("train", "validation")
        }
        sets = dataclasses.replace(sets, **parts, test=Subset(sets.test.dataset, like.test.indices))
    if protocol.test is None:
        return sets
    other = load_dataset(protocol.test, size, split_ratios=(0.0, 0.0, 1.0), **how)
    return dataclasses.replace(
        sets, test=other.test, description=f"{sets.description}; scored on {other.description}"
    )


def _image(rgb: Tensor) -> Image.Image:
    return Image.fromarray(rgb.permute(1, 2, 0).numpy())
