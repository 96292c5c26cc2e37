"""The recipes: what the papers say, written out again; what changes change, and what they leave alone."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib import discriminators
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.compare import experiments
from colorlib.data import sample_photos
from colorlib.data.datasets import load_dataset
from colorlib.engine.settings import TrainConfig
from colorlib.engine.trainer import Trainer
from colorlib.evaluation.collection import default_metrics
from colorlib.models.registry import create_generator
from colorlib.recipe import Recipe
from colorlib.recipes import RECIPES, get_recipe

LAB, P2_LAB, P2_RGB = LabScaler(110), LabScaler(128), LabScaler(128, "rgb")
# By the papers, or the notes where they are silent: epochs, batch, rate, first beta, schedule, pixel loss
PIX2PIX = (16, 2e-4, 0.5, "fixed")
STAGES = {
    "p0": [("2-adversarial", 20, *PIX2PIX, "l1")],
    "p1": [("1-pixel", 100, 64, 1e-4, 0.9, "fixed", "l2")],
    "p2-cnn": [("1-pixel", 150, 32, 1e-3, 0.9, "step", "l2")],
    "p2-inception": [("1-pixel", 150, 32, 1e-3, 0.9, "step", "l2")],
    "p2-mobilenetv2-lab": [("2-adversarial", 100, *PIX2PIX, "l1")],
    "p2-densenet121-lab": [("2-adversarial", 100, *PIX2PIX, "l1")],
    "p2-mobilenetv2-rgb": [("2-adversarial", 100, *PIX2PIX, "l1")],
    "p2-densenet121-rgb": [("2-adversarial", 100, *PIX2PIX, "l1")],
    "p3-baseline": [("1-pixel", 54, 16, 2e-4, 0.5, "plateau", "l2")],
    "p3-gan": [("2-adversarial", 54, 16, 2e-4, 0.5, "plateau", "l1")],
    "p4-l1": [("2-adversarial", 45, *PIX2PIX, "l1")],
    "p4-l2": [("2-adversarial", 45, *PIX2PIX, "l2")],
    "tutorial": [
        ("1-pixel", 20, 16, 1e-4, 0.9, "fixed", "l1"),
        ("2-adversarial", 20, *PIX2PIX, "l1"),
    ],
}
# Photos, how many, division, fit, filters, side; scale; first weights; mirror images; trained encoder
P2_PHOTOS = ("landscapes", None, (0.9, 0.1, 0.0), "stretch", True, 256)
P3_PHOTOS = ("tiny-imagenet", None, (0.8, 0.1, 0.1), "stretch", False, 64)
P4_PHOTOS = ("imagenette-320", 5000, (0.8, 0.2, 0.0), "stretch", False, 256)
COCO = ("coco", 10_000, (0.8, 0.2, 0.0), "stretch", False, 256)
REST = {
    "p0": (COCO, LAB, "normal", True, False),
    "p1": (
        ("yosemite", None, (0.7, 0.3, 0.0), "center_crop", False, 256),
        LabScaler(110, "rgb"),
        "he",
        False,
        False,
    ),
    "p2-cnn": (P2_PHOTOS, P2_LAB, "he", False, False),
    "p2-inception": (P2_PHOTOS, P2_LAB, "he", False, True),
    "p2-mobilenetv2-lab": (P2_PHOTOS, P2_LAB, "normal", False, True),
    "p2-densenet121-lab": (P2_PHOTOS, P2_LAB, "normal", False, True),
    "p2-mobilenetv2-rgb": (P2_PHOTOS, P2_RGB, "normal", False, True),
    "p2-densenet121-rgb": (P2_PHOTOS, P2_RGB, "normal", False, True),
    "p3-baseline": (P3_PHOTOS, LabScaler(110, "lab"), "he", False, False),
    "p3-gan": (P3_PHOTOS, LabScaler(110, "lab"), "he", False, False),
    "p4-l1": (P4_PHOTOS, LAB, "normal", True, False),
    "p4-l2": (P4_PHOTOS, LAB, "normal", True, False),
    "tutorial": (COCO, LAB, "normal", True, True),
}
TABLE_1 = {  # of paper 002: MSE, PSNR, milliseconds
    "p2-cnn": (0.0120, 26.443, 56),
    "p2-inception": (0.0121, 26.630, 159),
    "p2-mobilenetv2-lab": (0.0107, 26.870, 61),
    "p2-densenet121-lab": (0.0108, 26.872, 117),
    "p2-mobilenetv2-rgb": (0.0289, 22.59, 53),
    "p2-densenet121-rgb": (0.0237, 23.725, 103),
}
GENERATORS = {  # parameters; p2-inception's beside the classifier that does not learn
    "p0": 54_409_858,
    "p2-cnn": 231_682,
    "p2-inception": 6_573_794,
    "p3-baseline": 16_785_283,
    "p3-gan": 16_785_283,
    "p4-l1": 54_409_858,
    "p4-l2": 54_409_858,
}
EVERY = {
    recipe.name: recipe for found in experiments.EXPERIMENTS.values() for recipe in found.recipes
}
NAMES = pytest.mark.parametrize("name", RECIPES)


def leaves(value, above=""):
    """Name each leaf of a tree of dicts by its way."""
    if not isinstance(value, dict) or not value:
        return {above: value}
    return {
        way: leaf
        for key, part in value.items()
        for way, leaf in leaves(part, f"{above}.{key}").items()
    }


def changed(one, two):
    """The leaves in which two recipes differ, beside their names."""
    first, second = (leaves(dataclasses.asdict(recipe)) for recipe in (one, two))
    ways = first.keys() | second.keys()
    missing = object()
    return {way[1:] for way in ways if first.get(way, missing) != second.get(way, missing)} - {
        "name"
    }


def test_thirteen_each_under_its_own_name():
    assert len(RECIPES) == 13 and list(RECIPES) == list(STAGES) == list(REST)
    assert all(get_recipe(name).name == name for name in RECIPES)
    with pytest.raises(
        ValueError, match=r"no recipe 'p9'; expected one of p0, p1, .*, landscape, general"
    ):
        get_recipe("p9")


@NAMES
def test_values_are_those_of_the_papers(name):
    recipe = RECIPES[name]
    found = [
        (stage, how.epochs, how.batch, how.lr, how.betas[0], how.schedule, how.pixel)
        for stage, how in recipe.stages.items()
    ]
    assert found == STAGES[name]
    place = recipe.photos
    where = (place.name, place.count, place.ratios, place.fit, place.filters, place.size)
    flips = {how.flip for how in recipe.stages.values()}
    assert (where, recipe.scale, recipe.init, *flips, recipe.pretrained) == REST[name]
    assert recipe.said == dict(
        zip(("MSE", "PSNR", "ms"), TABLE_1[name], strict=True) if name in TABLE_1 else ()
    )
    for how in recipe.stages.values():
        assert how.betas[1] == 0.999 and how.step_epoch == 100 and how.ema == 0
    if recipe.adversarial is not None:
        gan = recipe.adversarial.gan
        label = 0.9 if name == "p3-gan" else 1.0
        assert (recipe.adversarial.weight, gan.kind, gan.smoothing) == (100, "bce", label)
        assert recipe.critic["critic"] == (
            "ImageDiscriminator" if name == "p3-gan" else "PatchDiscriminator"
        )


@NAMES
def test_every_open_value_has_a_note_of_one_line(name):
    recipe = RECIPES[name]
    assert {"gray", "near-duplicates"} < set(recipe.open)
    for value, choice in recipe.open.items():
        assert value.strip() and choice.isprintable() and 10 < len(choice) <= 105, value
    assert recipe.metric is None or recipe.metric in default_metrics(recipe.scale)
    assert not any(
        word in recipe.system for word in ("levels", "70x70", "256")
    )  # untrue at another size


@NAMES
def test_networks_have_the_papers_parameters(name):
    recipe = RECIPES[name]
    with torch.device("meta"):
        net_g = create_generator(recipe.generator)
        net_d = discriminators.create_discriminator(recipe.critic) if recipe.critic else None
    sizes = {part: weights.numel() for part, weights in net_g.named_parameters()}
    count = sum(size for part, size in sizes.items() if not part.startswith("inception"))
    assert count == GENERATORS.get(name, count)
    if net_d is not None and name != "p3-gan":
        extra = 1024 * (
            recipe.critic["inputs"] - 3
        )  # 4x4 kernels of 64 filters for each channel more
        assert sum(weights.numel() for weights in net_d.parameters()) == 2_765_633 + extra


@pytest.mark.parametrize("name", EVERY)
def test_a_critic_sees_L_and_every_channel_of_the_answer(name):
    recipe = EVERY[name]
    assert recipe.generator["outputs"] == recipe.scale.channels
    for one in (recipe, recipe.at(64), recipe.reduced()):
        assert one.critic is None or one.critic["inputs"] == one.scale.channels + 1
        assert not (changed(one, recipe) & {"paper", "system", "scale", "init", "metric"})


@pytest.fixture(scope="module")
def squares():
    return {size: load_dataset("photos", size, reduced=True) for size in (32, 96)}


@NAMES
def test_reduced_it_trains_a_step_and_colours_a_photo_from_its_file(name, squares, tmp_path):
    recipe = RECIPES[name].reduced().but(settings={"batch": 2})
    net_g, net_d = recipe.networks()
    for stage, how in recipe.stages.items():
        critic = net_d if stage == "2-adversarial" else None
        sets = squares[recipe.photos.size]
        run = Trainer(net_g, sets.train, how, net_d=critic, validate=lambda net: 0.0)
        run.fit(max_steps=1)
        assert run.total == 1 and run.opt_g.param_groups[0]["eps"] == 1e-8
    Colorizer(run.result(), recipe.scale, recipe.photos.size).save(tmp_path / "model.safetensors")
    model = Colorizer.load(tmp_path / "model.safetensors")
    assert (model.scale, model.size) == (recipe.scale, recipe.photos.size)
    cat = sample_photos("test")[0].image().resize((40, 30))
    answer = model(cat)
    assert answer.size == (40, 30) and answer.mode == "RGB"


def test_the_first_weights_follow_the_recipe_and_the_seed():
    recipe = RECIPES["p0"].reduced()
    (first, critic), (again, _), (other, _) = (recipe.networks(seed) for seed in (0, 0, 1))
    one, two, three = (net.levels.state_dict() for net in (first, again, other))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert any(not torch.equal(one[key], three[key]) for key in one)
    wide = max(critic.parameters(), key=torch.numel)
    assert wide.std().item() == pytest.approx(0.02, rel=0.05)
    wide = max(RECIPES["p3-gan"].reduced().networks()[1].parameters(), key=torch.numel)
    assert wide.std().item() == pytest.approx((2 / wide[0].numel()) ** 0.5, rel=0.05)


def test_but_changes_what_it_names_and_nothing_else():
    recipe = RECIPES["tutorial"]
    assert recipe.but() == recipe
    two = recipe.but("other", settings={"batch": 4}, photos={"count": 7})
    assert two.name == "other"
    assert changed(recipe, two) == {"pixel.batch", "adversarial.batch", "photos.count"}
    assert changed(recipe, recipe.but(generator={"size": 64})) == {"generator.size"}
    other = {"critic": "PixelDiscriminator", "inputs": 3, "width": 64, "conditional": True}
    assert recipe.but(critic=other).critic == other  # one of another kind takes its place
    alone = recipe.but(adversarial=None, critic=None)
    assert list(alone.stages) == ["1-pixel"] and alone.networks is not None
    assert RECIPES["tutorial"] == recipe  # a recipe never changes itself


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(list(RECIPES)), size=st.integers(1, 512))
def test_at_a_size_twice_is_at_it_once(name, size):
    recipe = RECIPES[name]
    small = recipe.at(size)
    assert small.at(size) == small and small.photos.size == max(size, recipe.least)
    mine = {"photos.size", "generator.downs", "generator.size", "critic.size"}
    assert changed(recipe, small) <= mine
    assert 2 ** small.generator.get("downs", 5) <= small.photos.size
    assert recipe.at(recipe.photos.size) == recipe


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(list(RECIPES)), size=st.integers(32, 200))
def test_networks_take_pictures_of_the_size_that_a_recipe_was_taken_to(name, size):
    recipe = RECIPES[name].at(size)
    with torch.device("meta"):
        nets = (
            create_generator(recipe.generator),
            discriminators.create_discriminator(recipe.critic) if recipe.critic else None,
        )
        L = torch.zeros(2, 1, recipe.photos.size, recipe.photos.size)
        least = nets[0].least
        answer = torch.zeros(2, recipe.scale.channels, *L.shape[-2:])
        assert least <= recipe.photos.size
        assert nets[1] is None or nets[1](L, answer).shape[:2] == (2, 1)


@NAMES
def test_reduced_is_small_and_fetches_nothing(name):
    small = RECIPES[name].reduced()
    assert small.reduced() == small and not small.pretrained
    assert all((how.epochs, how.batch) == (1, 8) for how in small.stages.values())
    assert small.photos.size <= 96


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"adversarial": None, "critic": None},
            "p0 has no stage; expected pixel, adversarial, or both",
        ),
        ({"critic": None}, "p0 has a critic or its settings; expected both, or none"),
        (
            {"pixel": TrainConfig(scale=LabScaler(128))},
            "p0 has stages that differ in scale; expected one scale",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        RECIPES["p0"].but(**fields)
    with pytest.raises(TypeError):
        RECIPES["p0"].but(colour="red")


# For each experiment: a recipe, the one that it is a variant of, and the leaves in which they may differ
RGB_LEAVES = {"generator.outputs", "critic.inputs", "adversarial.scale.answer"}
NO_CRITIC = {"critic", "pixel", "adversarial"}
VARIANTS = [
    ("A", "p0-rgb", "p0", RGB_LEAVES),
    ("B", "p0-l2", "p0", {"adversarial.pixel"}),
    ("B", "p0-no-pixel-loss", "p0", {"adversarial.weight"}),
    ("C", "p0-no-critic", "p0", NO_CRITIC),
    ("C", "p3-no-critic", "p3-gan", NO_CRITIC),
    ("D", "p0-image-critic", "p0", {"critic.critic", "critic.layers", "critic.size"}),
    ("E", "p3-gan-label-1", "p3-gan", {"adversarial.gan.smoothing"}),
    ("F", "p2-resnet18-lab", "p2-mobilenetv2-lab", {"generator.encoder"}),
    ("F", "p2-mobilenetv2-lab-scratch", "p2-mobilenetv2-lab", {"pretrained"}),
    ("F", "p2-mobilenetv2-lab-frozen", "p2-mobilenetv2-lab", {"generator.frozen"}),
    ("G", "p0-half", "p0", set()),
    ("G", "p0-quarter", "p0", set()),
    *(("G", f"p1-{share}", "p1", set()) for share in (70, 80, 90)),
    ("J", "p2-cnn-filtered", "p2-cnn", set()),
    ("J", "p2-mobilenetv2-lab-filtered", "p2-mobilenetv2-lab", set()),
    ("K", "tutorial-one-stage", "tutorial", {"pixel"}),
    ("K", "tutorial-pixel-only", "tutorial", {"critic", "adversarial"}),
]


@pytest.mark.parametrize(("letter", "name", "base", "about"), VARIANTS)
def test_a_variant_differs_in_what_the_experiment_is_about(letter, name, base, about):
    found = {recipe.name: recipe for recipe in experiments.EXPERIMENTS[letter].recipes}
    ways = {way for way in changed(found[name], RECIPES[base]) if way not in about}
    assert all(way.split(".")[0] in about for way in ways), (
        ways
    )  # a part that is gone, or is another
    assert {way for way in about if "." in way} <= changed(found[name], RECIPES[base])


def test_variants_of_one_experiment_are_all_named_above():
    variants = {(letter, name) for letter, name, *_ in VARIANTS}
    for letter, found in experiments.EXPERIMENTS.items():
        own = {recipe.name for recipe in found.recipes if recipe.name not in RECIPES}
        if letter not in ("H", "paper-001-grid"):
            assert own == {name for where, name in variants if where == letter}, letter


def test_without_a_critic_the_pixel_loss_stays():
    found = {recipe.name: recipe for recipe in experiments.EXPERIMENTS["C"].recipes}
    for name, base in (("p0-no-critic", "p0"), ("p3-no-critic", "p3-gan")):
        assert found[name].pixel == RECIPES[base].adversarial


def test_rgb_and_lab_of_paper_002_differ_in_the_answer_alone():
    for word in ("mobilenetv2", "densenet121"):
        lab, rgb = RECIPES[f"p2-{word}-lab"], RECIPES[f"p2-{word}-rgb"]
        ways = {
            way for way in changed(lab, rgb) if not way.startswith(("open.", "said.", "system"))
        }
        assert ways == RGB_LEAVES


def test_paper_001s_grid_has_every_combination_once():
    grid = experiments.EXPERIMENTS["paper-001-grid"]
    rows = {
        (grid.shares[recipe.name], recipe.pixel.lr, recipe.pixel.batch): recipe
        for recipe in grid.recipes
    }
    assert set(rows) == {
        (share, lr, batch)
        for share in (0.7, 0.8, 0.9)
        for lr in (1e-3, 1e-4)
        for batch in (20, 32, 64, 100)
    }
    assert len(grid.recipes) == len(rows) == 24 and len(experiments.EXPERIMENTS["H"].recipes) == 8
    for recipe in (*grid.recipes, *experiments.EXPERIMENTS["H"].recipes):
        assert changed(recipe, RECIPES["p1"]) <= {"pixel.lr", "pixel.batch"}


def test_sets_have_every_letter_and_every_paper_and_name_what_they_hold():
    papers = [f"paper-{number}" for number in ("000", "001", "002", "003", "004")]
    assert list(experiments.EXPERIMENTS) == ["all", *papers, *"ABCDEFGHIJKL", "paper-001-grid"]
    assert [recipe.name for recipe in experiments.EXPERIMENTS["all"].recipes] == list(RECIPES)
    assert (
        sum(len(experiments.EXPERIMENTS[paper].recipes) for paper in papers) == 12
    )  # and the tutorial
    for name, found in experiments.EXPERIMENTS.items():
        names = [recipe.name for recipe in found.recipes]
        assert found.name == name and len(names) == len(set(names)) and found.question.isprintable()
        assert set(found.shares) <= set(names) and found.filtered <= set(names)
        assert all(0 < share < 1 for share in found.shares.values())
        assert all(isinstance(recipe, Recipe) for recipe in found.recipes)
    by_name = {}
    for found in experiments.EXPERIMENTS.values():
        for recipe in found.recipes:  # one name, one recipe, wherever it stands
            assert by_name.setdefault(recipe.name, recipe) == recipe
    assert experiments.EXPERIMENTS["I"].test == "coco"
    assert experiments.EXPERIMENTS["J"].filtered == {
        "p2-cnn-filtered",
        "p2-mobilenetv2-lab-filtered",
    }
