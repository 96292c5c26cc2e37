"""The comparisons that the papers make or ask for: named sets of recipes that differ in one thing.

The letters are those of the papers' common list: A Lab or RGB, B pixel loss, C adversarial loss, D
kind of discriminator, E label smoothing, F encoder, G amount of data, H learning rate and batch
size, I photos from another source, J filters, K two stages, L speed. The systems that the papers
cite have a set of their own, each next to what it was an answer to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from colorlib.color import LabScaler
from colorlib.losses import GANLoss
from colorlib.recipe import Recipe
from colorlib.recipes import CITED, RECIPES


@dataclass(frozen=True)
class Experiment:
    """Recipes to train and score side by side.

    Attributes:
        name: the name on the command line.
        question: what it asks, and in which papers.
        recipes: in the order of the table.
        train_fractions: the share of the training photos that a recipe learns from, by its name; 1
            if the recipe is not named. The photos are drawn by the seed, and a smaller share is
            part of a larger one.
        own_splits: the share of *all* photos that a recipe is trained on, by its name; all others
            are its validation photos. A recipe that is not named has the comparison's split.
        filtered: names of the recipes whose training photos are filtered.
        test_data: the photos to score, if they come from another source: as
            :func:`colorlib.data.datasets.load_dataset` takes them.
    """

    name: str
    question: str
    recipes: tuple[Recipe, ...]
    train_fractions: Mapping[str, float] = field(default_factory=dict)
    own_splits: Mapping[str, float] = field(default_factory=dict)
    filtered: frozenset[str] = frozenset()
    test_data: str | None = None


def _select(*names: str) -> tuple[Recipe, ...]:
    return tuple(RECIPES[name] for name in names)


P0, P1, P3_GAN, TUTORIAL = _select("p0", "p1", "p3-gan", "tutorial")
CNN, MOBILENET = _select("p2-cnn", "p2-mobilenetv2-lab")

_P0_RGB = P0.replace(
    "p0-rgb",
    generator={"out_channels": 3},
    discriminator={"in_channels": 4},
    config={"scaler": LabScaler(output_space="rgb")},
)
_IMAGE_DISCRIMINATOR = {
    "discriminator": "ImageDiscriminator",
    "in_channels": 3,
    "image_size": 256,
    "base_channels": 64,
    "conditional": True,
}
_P1_GRID = tuple(
    P1.replace(f"p1-lr{lr:g}-batch{batch}", config={"lr": lr, "batch_size": batch})
    for lr in (1e-3, 1e-4)
    for batch in (20, 32, 64, 100)
)
_PERCENT = (70, 80, 90)


def _without_discriminator(recipe: Recipe, name: str) -> Recipe:
    """Return a recipe that trains the generator with its pixel loss only."""
    return recipe.replace(name, pixel=recipe.adversarial, adversarial=None, discriminator=None)


_PAPERS = [
    Experiment(
        name=f"paper-{paper}",
        question=f"the systems of paper {paper} side by side",
        recipes=tuple(recipe for recipe in RECIPES.values() if recipe.paper == paper),
    )
    for paper in ("000", "001", "002", "003", "004")
]
_LETTERS = [
    Experiment(
        name="A",
        question="is it easier to predict ab than RGB? (000, 001, 002)",
        recipes=(
            P0,
            _P0_RGB,
            *_select("p2-mobilenetv2-lab", "p2-mobilenetv2-rgb"),
            *_select("p2-densenet121-lab", "p2-densenet121-rgb"),
        ),
    ),
    Experiment(
        name="B",
        question="is L1 less gray than L2, and what if there is neither? (000, 004)",
        recipes=(
            P0,
            P0.replace("p0-l2", config={"reconstruction": "l2"}),
            P0.replace("p0-no-pixel-loss", config={"lambda_rec": 0.0}),
        ),
    ),
    Experiment(
        name="C",
        question="what does the adversarial loss add to the pixel loss? (000, 002, 003)",
        recipes=(
            P0,
            _without_discriminator(P0, "p0-no-discriminator"),
            P3_GAN,
            _without_discriminator(P3_GAN, "p3-no-discriminator"),
            *_select("p3-baseline"),
        ),
    ),
    Experiment(
        name="D",
        question="is a patch discriminator better than one for the whole image? (000, 003)",
        recipes=(P0, P0.replace("p0-image-discriminator", discriminator=_IMAGE_DISCRIMINATOR)),
    ),
    Experiment(
        name="E",
        question="what does a label of 0.9 for real images change? (003)",
        recipes=(P3_GAN, P3_GAN.replace("p3-gan-label-1", config={"gan": GANLoss()})),
    ),
    Experiment(
        name="F",
        question="which encoder, and does it help that it was pretrained? (002)",
        recipes=(
            *_select("p2-mobilenetv2-lab", "p2-densenet121-lab"),
            MOBILENET.replace("p2-resnet18-lab", generator={"encoder": "resnet18"}),
            MOBILENET.replace("p2-mobilenetv2-lab-scratch", pretrained=False),
            MOBILENET.replace("p2-mobilenetv2-lab-frozen", generator={"frozen": True}),
        ),
    ),
    Experiment(
        name="G",
        question="how much do more photos help? (001, 004)",
        recipes=(
            P0,
            P0.replace("p0-half"),
            P0.replace("p0-quarter"),
            *(P1.replace(f"p1-{percent}") for percent in _PERCENT),
        ),
        train_fractions={"p0-half": 0.5, "p0-quarter": 0.25},
        own_splits={f"p1-{percent}": percent / 100 for percent in _PERCENT},
    ),
    Experiment(
        name="H",
        question="are a batch of 64 and a learning rate of 1e-4 the best? (001)",
        recipes=_P1_GRID,
    ),
    Experiment(
        name="I",
        question="how much is lost on photos from another source? (001, 004)",
        recipes=_select("p1", "p2-mobilenetv2-lab", "p4-l1"),
        test_data="coco",
    ),
    Experiment(
        name="J",
        question="does it help to leave out gray, faint, loud and crowded photos? (002)",
        recipes=(
            CNN,
            CNN.replace("p2-cnn-filtered"),
            MOBILENET,
            MOBILENET.replace("p2-mobilenetv2-lab-filtered"),
        ),
        filtered=frozenset({"p2-cnn-filtered", "p2-mobilenetv2-lab-filtered"}),
    ),
    Experiment(
        name="K",
        question="does a pixel stage before the adversarial one help? (tutorial)",
        recipes=(
            TUTORIAL,
            TUTORIAL.replace("tutorial-one-stage", pixel=None),
            TUTORIAL.replace("tutorial-pixel-only", adversarial=None, discriminator=None),
        ),
    ),
    Experiment(
        name="L",
        question="how long does one photo take? (002)",
        recipes=_select(
            "p2-cnn", "p2-inception", "p2-mobilenetv2-lab", "p2-densenet121-lab", "p0", "p1"
        ),
    ),
]
_ALL = Experiment(
    name="all",
    question="every system of the five papers and the tutorial",
    recipes=tuple(RECIPES.values()),
)


def _ablate_bins(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return a recipe of colour bins, without rebalancing, and with squared errors of a and b."""
    return (
        recipe,
        recipe.replace(
            f"{recipe.name}-no-rebalancing",
            description=f"{recipe.name}, with all colours weighing alike",
            config={"uniform_share": 1.0},
        ),
        recipe.replace(
            f"{recipe.name}-l2",
            description=f"the network of {recipe.name}, with a and b and squared errors",
            generator={"num_bins": 0},
            config={"reconstruction": "l2", "scaler": LabScaler()},
        ),
    )


_CITED = [
    Experiment(
        name="zhang",
        question="are the odds of colours less gray than L2? (cited by 000, 001 and 002)",
        recipes=_ablate_bins(CITED["zhang"]),
    ),
    Experiment(
        name="colorunet",
        question="the same with 32 colours and a small U-Net (cited by 001)",
        recipes=_ablate_bins(CITED["colorunet"]),
    ),
]
_PAPER_001_SPLITS = {
    f"{recipe.name}-{percent}": percent / 100 for percent in _PERCENT for recipe in _P1_GRID
}
_PAPER_001_GRID = Experiment(
    name="paper-001-grid",
    question="paper 001's three splits and two rates, each with four batch sizes from 20 to 100",
    recipes=tuple(
        recipe.replace(f"{recipe.name}-{percent}") for percent in _PERCENT for recipe in _P1_GRID
    ),
    own_splits=_PAPER_001_SPLITS,
)
#: The runs that paper 001 reports. It gives no other batch size than 64: "between 20 to 100".
PAPER_001_RUNS = ("p1-lr0.001-batch64-80", "p1-lr0.0001-batch64-70", "p1-lr0.0001-batch64-90")
_PAPER_001_REPORTED = Experiment(
    name="paper-001-reported",
    question="the three runs that paper 001 reports",
    recipes=tuple(recipe for recipe in _PAPER_001_GRID.recipes if recipe.name in PAPER_001_RUNS),
    own_splits={name: _PAPER_001_SPLITS[name] for name in PAPER_001_RUNS},
)

#: By name.
EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (_ALL, *_PAPERS, *_LETTERS, *_CITED, _PAPER_001_REPORTED, _PAPER_001_GRID)
}
