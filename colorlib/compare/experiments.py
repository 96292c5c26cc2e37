"""The comparisons that the papers make or ask for, as named sets of recipes that differ in one thing.

Letters as in the papers' common list: A Lab or RGB, B pixel loss, C adversarial loss, D kind of critic,
E label smoothing, F encoder, G amount of data, H learning rate and batch, I photos from elsewhere, J filter,
K two stages, L speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from colorlib.color import LabScaler
from colorlib.losses import GANLoss
from colorlib.recipe import Recipe
from colorlib.recipes.papers import ALL

_BY_NAME = {recipe.name: recipe for recipe in ALL}


@dataclass(frozen=True)
class Experiment:
    """Recipes to train and score side by side.

    Attributes:
        name: what a person types.
        question: what it answers, and which paper says so.
        recipes: in the order of the table.
        shares: of the training photos, by a recipe's name; 1 where none is named.
        filtered: names of the recipes whose training photos are filtered.
        test: the photos that are scored, if from elsewhere: as :func:`colorlib.data.datasets.load_dataset` takes them.
    """

    name: str
    question: str
    recipes: tuple[Recipe, ...]
    shares: Mapping[str, float] = field(default_factory=dict)
    filtered: frozenset[str] = frozenset()
    test: str | None = None


def _some(*names: str) -> tuple[Recipe, ...]:
    return tuple(_BY_NAME[name] for name in names)


P0, P1, P3_GAN, TUTORIAL, CNN, MOBILE = _some(
    "p0", "p1", "p3-gan", "tutorial", "p2-cnn", "p2-mobilenetv2-lab"
)
_PAPERS = {
    f"paper-{paper}": Experiment(
        f"paper-{paper}",
        f"the systems of paper {paper} side by side",
        tuple(recipe for recipe in ALL if recipe.paper == paper),
    )
    for paper in ("000", "001", "002", "003", "004")
}
_CRITIC = {
    "critic": "ImageDiscriminator",
    "inputs": 3,
    "size": 256,
    "width": 64,
    "conditional": True,
}
_PERCENT = (70, 80, 90)
_GRID = tuple(
    P1.but(f"p1-lr{lr:g}-batch{batch}", settings={"lr": lr, "batch": batch})
    for lr in (1e-3, 1e-4)
    for batch in (20, 32, 64, 100)
)
_RGB = P0.but(
    "p0-rgb",
    generator={"outputs": 3},
    critic={"inputs": 4},
    settings={"scale": LabScaler(answer="rgb")},
)

EXPERIMENTS: dict[str, Experiment] = {
    "all": Experiment("all", "every system of the five papers and the tutorial", tuple(ALL)),
    **_PAPERS,
    "A": Experiment(
        "A",
        "is it easier to answer ab than RGB? (000, 001, 002)",
        (
            P0,
            _RGB,
            *_some(
                "p2-mobilenetv2-lab",
                "p2-mobilenetv2-rgb",
                "p2-densenet121-lab",
                "p2-densenet121-rgb",
            ),
        ),
    ),
    "B": Experiment(
        "B",
        "is L1 less gray than L2, and what if there is neither? (000, 004)",
        (
            P0,
            P0.but("p0-l2", settings={"pixel": "l2"}),
            P0.but("p0-no-pixel-loss", settings={"weight": 0.0}),
        ),
    ),
    "C": Experiment(
        "C",
        "what does the adversarial loss add to the pixel loss? (000, 002, 003)",
        (
            P0,
            P0.but("p0-no-critic", pixel=P0.adversarial, adversarial=None, critic=None),
            P3_GAN,
            P3_GAN.but("p3-no-critic", pixel=P3_GAN.adversarial, adversarial=None, critic=None),
            *_some("p3-baseline"),
        ),
    ),
    "D": Experiment(
        "D",
        "is a patch critic better than one for the whole image? (000, 003)",
        (P0, P0.but("p0-image-critic", critic=_CRITIC)),
    ),
    "E": Experiment(
        "E",
        "what does a label of 0.9 for real pictures change? (003)",
        (P3_GAN, P3_GAN.but("p3-gan-label-1", settings={"gan": GANLoss()})),
    ),
    "F": Experiment(
        "F",
        "which encoder, and does it help that it was trained before? (002)",
        (
            *_some("p2-mobilenetv2-lab", "p2-densenet121-lab"),
            MOBILE.but("p2-resnet18-lab", generator={"encoder": "resnet18"}),
            MOBILE.but("p2-mobilenetv2-lab-scratch", pretrained=False),
            MOBILE.but("p2-mobilenetv2-lab-frozen", generator={"frozen": True}),
        ),
    ),
    "G": Experiment(
        "G",
        "what do more photos buy? (001, 004)",
        (
            P0,
            P0.but("p0-half"),
            P0.but("p0-quarter"),
            *(P1.but(f"p1-{share}") for share in _PERCENT),
        ),
        shares={"p0-half": 0.5, "p0-quarter": 0.25}
        | {f"p1-{share}": share / 100 for share in _PERCENT},
    ),
    "H": Experiment("H", "are a batch of 64 and a rate of 1e-4 the best? (001)", _GRID),
    "I": Experiment(
        "I",
        "how much is lost on photos from elsewhere? (001, 004)",
        _some("p1", "p2-mobilenetv2-lab", "p4-l1"),
        test="coco",
    ),
    "J": Experiment(
        "J",
        "what does it buy to leave out gray, faint, loud and crowded photos? (002)",
        (CNN, CNN.but("p2-cnn-filtered"), MOBILE, MOBILE.but("p2-mobilenetv2-lab-filtered")),
        filtered=frozenset({"p2-cnn-filtered", "p2-mobilenetv2-lab-filtered"}),
    ),
    "K": Experiment(
        "K",
        "what does a pixel stage before the adversarial one buy? (tutorial)",
        (
            TUTORIAL,
            TUTORIAL.but("tutorial-one-stage", pixel=None),
            TUTORIAL.but("tutorial-pixel-only", adversarial=None, critic=None),
        ),
    ),
    "L": Experiment(
        "L",
        "how long does one photo take? (002)",
        _some("p2-cnn", "p2-inception", "p2-mobilenetv2-lab", "p2-densenet121-lab", "p0", "p1"),
    ),
    "paper-001-grid": Experiment(
        "paper-001-grid",
        "all 24 of paper 001: three divisions, two rates, four batches",
        tuple(recipe.but(f"{recipe.name}-{share}") for share in _PERCENT for recipe in _GRID),
        shares={f"{recipe.name}-{share}": share / 100 for share in _PERCENT for recipe in _GRID},
    ),
}
