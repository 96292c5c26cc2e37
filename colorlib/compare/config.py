"""The settings that all recipes of a comparison share: photos, image size, training time, seed."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from functools import cache

from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, Subset

from colorlib.compare.experiments import Experiment
from colorlib.data.datasets import DataSplits, draw_subset, load_dataset
from colorlib.data.filters import FilterConfig
from colorlib.recipe import Recipe
from colorlib.tensor_checks import check_at_least, check_image_size

log = logging.getLogger("colorlib")


@dataclass(frozen=True)
class ComparisonConfig:
    """The settings of a comparison.

    Attributes:
        data: what all recipes learn from, as :func:`colorlib.data.datasets.load_dataset` takes it.
        image_size: side of the images in pixels; a network that needs larger ones gets its smallest
            size.
        test_data: the photos to score, all of them; None for the test split of ``data``.
        max_minutes: training time of each recipe, over all of its stages; None trains the recipe's
            epochs.
        reduced: whether to take the recipes as :meth:`Recipe.reduced` returns them.
        pretrained: whether encoders start from ImageNet weights if their recipe says so.
        amp: whether to use automatic mixed precision (16 bits) where it is faster.
        seed: the seed of everything random.
    """

    data: str
    image_size: int
    test_data: str | None = None
    max_minutes: float | None = None
    reduced: bool = False
    pretrained: bool = True
    amp: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_image_size("image_size", self.image_size)
        check_at_least("seed", self.seed, 0)
        if self.max_minutes is not None:
            check_at_least("max_minutes", self.max_minutes, 0)

    def __str__(self) -> str:
        parts = ["the recipe's epochs"]
        if self.max_minutes is not None:
            parts = [f"{self.max_minutes:g} minutes of training each"]
        if self.pretrained:
            parts.append("pretrained encoders where the recipe has them")
        else:
            parts.append("random encoders")
        parts.append(f"seed {self.seed}")
        if self.reduced:
            parts.append("reduced recipes")
        return ", ".join(parts)

    def adapt_recipe(self, recipe: Recipe) -> Recipe:
        """Return a recipe with the image size, seed and precision of this comparison."""
        recipe = recipe.reduced() if self.reduced else recipe.with_image_size(self.image_size)
        recipe = recipe.replace(config={"seed": self.seed, "amp": self.amp, "load_scale": 1})
        return recipe if self.pretrained else recipe.replace(pretrained=False)

    def load_data(self, image_size: int, own_split: float | None = None) -> DataSplits:
        """Return the photos at one size, split in the same way at every size; cached.

        Args:
            image_size: side of the images in pixels.
            own_split: the share of all photos to train on, as :attr:`Experiment.own_splits` has it;
                all others are validation photos. The test photos do not change, so those of them
                that are not trained on are among the validation photos as well.
        """
        return _load_data(self, image_size, own_split)

    def train_subset(
        self, splits: DataSplits, experiment: Experiment, name: str
    ) -> Dataset[Tensor]:
        """Return the training photos of a recipe: all, the filtered ones, or a share of them.

        A share is drawn by the seed.
        """
        dataset = splits.train
        if name in experiment.filtered:
            indices = _indices_that_pass_filters(dataset)
            log.info("%s: filters leave %d of %d training photos", name, len(indices), len(dataset))
            dataset = Subset(dataset, indices)
        fraction = experiment.train_fractions.get(name, 1.0)
        if fraction == 1:
            return dataset
        return draw_subset(dataset, round(fraction * len(dataset)), self.seed)


@cache
def _load_data(
    config: ComparisonConfig, image_size: int, own_split: float | None = None
) -> DataSplits:
    test_ratio = 0.1 if config.test_data is None else 0.0
    train_ratio = 0.95 - test_ratio if own_split is None else own_split
    ratios = (round(train_ratio, 6), round(1 - test_ratio - train_ratio, 6), test_ratio)
    splits = _load_splits(config, image_size, ratios)
    if own_split is not None:
        splits = _with_own_split(splits, own_split, config.seed)
    if config.test_data is None:
        return splits
    scored = _load(config, config.test_data, image_size, (0.0, 0.0, 1.0))
    description = f"{splits.description}; scored on {scored.description}"
    return dataclasses.replace(splits, test=scored.test, description=description)


def _with_own_split(splits: DataSplits, own_split: float, seed: int) -> DataSplits:
    """Add the test photos to the validation photos: only training photos are set apart.

    Crops and scenes have no common list of photos, so there a share of the training images is
    drawn instead.
    """
    if not isinstance(splits.train, Subset):
        count = round(own_split * len(splits.train))
        return dataclasses.replace(splits, train=draw_subset(splits.train, count, seed))
    others = [*splits.validation.indices, *splits.test.indices]
    validation = Subset(splits.train.dataset, sorted(others))
    return dataclasses.replace(splits, validation=validation)


def _load_splits(
    config: ComparisonConfig, image_size: int, split_ratios: tuple[float, float, float]
) -> DataSplits:
    """Return ``config.data``, split as it is at the comparison's own image size.

    Which photos count as near-duplicates may depend on the size, and with it the split.
    """
    splits = _load(config, config.data, image_size, split_ratios)
    own_size = 32 if config.reduced else config.image_size
    if image_size == own_size or not isinstance(splits.train, Subset):
        return splits
    reference = _load(config, config.data, own_size, split_ratios)
    all_photos = splits.train.dataset
    return dataclasses.replace(
        splits,
        train=Subset(all_photos, reference.train.indices),
        validation=Subset(all_photos, reference.validation.indices),
        test=Subset(all_photos, reference.test.indices),
    )


@cache
def _load(
    config: ComparisonConfig,
    name: str,
    image_size: int,
    split_ratios: tuple[float, float, float],
) -> DataSplits:
    return load_dataset(
        name, image_size, seed=config.seed, split_ratios=split_ratios, reduced=config.reduced
    )


def _indices_that_pass_filters(dataset: Dataset[Tensor]) -> list[int]:
    filters = FilterConfig()
    images = (Image.fromarray(dataset[i].permute(1, 2, 0).numpy()) for i in range(len(dataset)))
    return [i for i, image in enumerate(images) if filters.rejection_reason(image) is None]
