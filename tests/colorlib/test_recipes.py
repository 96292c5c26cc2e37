"""Recipes: the values of the papers, written out again, and copies with changes."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.compare.experiments import EXPERIMENTS
from colorlib.data import sample_photos
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.discriminators import create_discriminator
from colorlib.evaluation.collection import default_metrics
from colorlib.models.registry import create_generator
from colorlib.recipes import CITED, RECIPES, get_recipe
from colorlib.training import TrainConfig, Trainer

# The values of the papers, or of the notes if a paper gives none.
# Epochs, batch size, learning rate, first beta, schedule, reconstruction loss of each stage
PIX2PIX = (16, 2e-4, 0.5, "constant")
STAGES = {
    "p0": [("2-adversarial", 20, *PIX2PIX, "l1")],
    "p1": [("1-pixel", 100, 64, 1e-4, 0.9, "constant", "l2")],
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
        ("1-pixel", 20, 16, 1e-4, 0.9, "constant", "l1"),
        ("2-adversarial", 20, *PIX2PIX, "l1"),
    ],
}
# Data set, number of images, split, resize mode, filtered, image size
COCO = ("coco", 10_000, (0.8, 0.2, 0.0), "stretch", False, 256)
YOSEMITE = ("yosemite", None, (0.7, 0.3, 0.0), "center_crop", False, 256)
LANDSCAPES = ("landscapes", None, (0.9, 0.1, 0.0), "stretch", True, 256)
TINY_IMAGENET = ("tiny-imagenet", None, (0.8, 0.1, 0.1), "stretch", False, 64)
IMAGENETTE = ("imagenette-320", 5000, (0.8, 0.2, 0.0), "stretch", False, 256)
LAB_110, LAB_128, RGB_128 = LabScaler(110), LabScaler(128), LabScaler(128, "rgb")
# Data; scaler; initial weights; mirror images; pretrained encoder
OTHER_VALUES = {
    "p0": (COCO, LAB_110, "normal", True, False),
    "p1": (YOSEMITE, LabScaler(110, "rgb"), "he", False, False),
    "p2-cnn": (LANDSCAPES, LAB_128, "he", False, False),
    "p2-inception": (LANDSCAPES, LAB_128, "he", False, True),
    "p2-mobilenetv2-lab": (LANDSCAPES, LAB_128, "normal", False, True),
    "p2-densenet121-lab": (LANDSCAPES, LAB_128, "normal", False, True),
    "p2-mobilenetv2-rgb": (LANDSCAPES, RGB_128, "normal", False, True),
    "p2-densenet121-rgb": (LANDSCAPES, RGB_128, "normal", False, True),
    "p3-baseline": (TINY_IMAGENET, LabScaler(110, "lab"), "he", False, False),
    "p3-gan": (TINY_IMAGENET, LabScaler(110, "lab"), "he", False, False),
    "p4-l1": (IMAGENETTE, LAB_110, "normal", True, False),
    "p4-l2": (IMAGENETTE, LAB_110, "normal", True, False),
    "tutorial": (COCO, LAB_110, "normal", True, True),
}
PAPER_002_TABLE_1 = {  # MSE, PSNR, milliseconds
    "p2-cnn": (0.0120, 26.443, 56),
    "p2-inception": (0.0121, 26.630, 159),
    "p2-mobilenetv2-lab": (0.0107, 26.870, 61),
    "p2-densenet121-lab": (0.0108, 26.872, 117),
    "p2-mobilenetv2-rgb": (0.0289, 22.59, 53),
    "p2-densenet121-rgb": (0.0237, 23.725, 103),
}
PARAMETERS = {  # of the generator; of p2-inception, without the classifier, which is not trained
    "p0": 54_409_858,
    "p2-cnn": 231_682,
    "p2-inception": 6_573_794,
    "p3-baseline": 16_785_283,
    "p3-gan": 16_785_283,
    "p4-l1": 54_409_858,
    "p4-l2": 54_409_858,
}
ALL_RECIPES = {
    recipe.name: recipe for experiment in EXPERIMENTS.values() for recipe in experiment.recipes
}
SYSTEMS = RECIPES | CITED
EACH_NAME = pytest.mark.parametrize("name", RECIPES)
EACH_SYSTEM = pytest.mark.parametrize("name", SYSTEMS)


def flatten(value, path=""):
    """Return the leaves of nested dicts by their dotted names."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    leaves = {}
    for key, part in value.items():
        leaves |= flatten(part, f"{path}.{key}" if path else key)
    return leaves


def changed(one, two):
    """Return the names of the leaves, other than the name, in which two recipes differ."""
    first, second = (flatten(dataclasses.asdict(recipe)) for recipe in (one, two))
    missing = object()
    paths = first.keys() | second.keys()
    differing = {path for path in paths if first.get(path, missing) != second.get(path, missing)}
    return differing - {"name"}


def test_twelve_recipes_and_the_tutorial_each_under_its_own_name():
    papers = [recipe for recipe in RECIPES.values() if recipe.paper != "tutorial"]
    assert len(RECIPES) == 13 and len(papers) == 12
    assert list(RECIPES) == list(STAGES) == list(OTHER_VALUES)
    assert all(get_recipe(name).name == name for name in RECIPES)
    message = r"no recipe 'p9'; expected one of p0, p1, .*, everything, general"
    with pytest.raises(ValueError, match=message):
        get_recipe("p9")


@EACH_NAME
def test_values_are_those_of_the_papers(name):
    recipe = RECIPES[name]
    stages, flips = [], set()
    for stage, config in recipe.stages.items():
        optimizer = (config.lr, config.betas[0], config.schedule)
        stages.append((stage, config.epochs, config.batch_size, *optimizer, config.reconstruction))
        flips.add(config.horizontal_flip)
        assert config.betas[1] == 0.999 and config.step_epoch == 100 and config.ema_decay == 0
    assert stages == STAGES[name]
    data = dataclasses.astuple(recipe.data)
    other = (data[:1] + data[2:], recipe.scaler, recipe.init, *flips, recipe.pretrained)
    assert other == OTHER_VALUES[name]
    reported = PAPER_002_TABLE_1.get(name)
    if reported is None:
        assert recipe.reported == {}
    else:
        assert recipe.reported == dict(zip(("MSE", "PSNR", "ms"), reported, strict=True))


@EACH_NAME
def test_adversarial_stage_is_that_of_the_paper(name):
    recipe = RECIPES[name]
    if recipe.adversarial is None:
        return
    gan = recipe.adversarial.gan
    assert (recipe.adversarial.lambda_rec, gan.mode, gan.saturating) == (100, "vanilla", False)
    assert gan.real_label == (0.9 if name == "p3-gan" else 1.0)
    kind = "ImageDiscriminator" if name == "p3-gan" else "PatchDiscriminator"
    assert recipe.discriminator["discriminator"] == kind


@EACH_SYSTEM
def test_every_unspecified_value_has_a_note_of_one_line(name):
    recipe = SYSTEMS[name]
    assert {"gray", "near-duplicates"} < set(recipe.unspecified)
    for value, choice in recipe.unspecified.items():
        assert value.strip() and choice.isprintable() and 10 < len(choice) <= 105, value
    assert recipe.metric is None or recipe.metric in default_metrics(recipe.scaler)
    size_words = ("levels", "70x70", "256")  # untrue at another image size
    assert not any(word in recipe.description for word in size_words)


@EACH_NAME
def test_networks_have_the_papers_parameters(name):
    recipe = RECIPES[name]
    with torch.device("meta"):
        net_g = create_generator(recipe.generator)
    sizes = {part: weights.numel() for part, weights in net_g.named_parameters()}
    count = sum(size for part, size in sizes.items() if not part.startswith("inception"))
    assert count == PARAMETERS.get(name, count)
    if recipe.discriminator is not None and name != "p3-gan":
        with torch.device("meta"):
            net_d = create_discriminator(recipe.discriminator)
        # each further channel has 4x4 kernels of 64 filters
        expected = 2_765_633 + 1024 * (recipe.discriminator["in_channels"] - 3)
        assert sum(weights.numel() for weights in net_d.parameters()) == expected


@pytest.mark.parametrize("name", ALL_RECIPES)
def test_discriminator_sees_L_and_every_channel_of_the_output(name):
    recipe = ALL_RECIPES[name]
    num_bins = recipe.generator.get("num_bins", 0)
    expected = recipe.scaler.out_channels if recipe.scaler.predicts_bins else 0
    assert num_bins == expected
    assert num_bins or recipe.generator.get("out_channels", 2) == recipe.scaler.out_channels
    for one in (recipe, recipe.with_image_size(64), recipe.reduced()):
        if one.discriminator is not None:
            assert one.discriminator["in_channels"] == one.scaler.out_channels + 1
        assert not changed(one, recipe) & {"paper", "description", "init", "metric"}
        assert one.scaler == recipe.scaler


@pytest.fixture(scope="module")
def photo_splits():
    return {size: load_dataset("photos", size, reduced=True) for size in (32, 96)}


@EACH_SYSTEM
def test_reduced_recipe_trains_a_step_and_colorizes(name, photo_splits, tmp_path):
    recipe = SYSTEMS[name].reduced().replace(config={"batch_size": 2})
    image_size = recipe.data.image_size
    net_g, net_d = recipe.build_networks()
    for stage, config in recipe.stages.items():
        trainer = Trainer(
            net_g,
            photo_splits[image_size].train,
            config,
            net_d=net_d if stage == "2-adversarial" else None,
            validate=lambda net: 0.0,
        )
        net = trainer.fit(max_steps=1)
        assert trainer.opt_g.param_groups[0]["eps"] == 1e-8
    path = tmp_path / "model.safetensors"
    Colorizer(net, recipe.scaler, image_size).save(path)
    model = Colorizer.load(path)
    assert (model.scaler, model.image_size) == (recipe.scaler, image_size)
    photo = sample_photos("test")[0].image().resize((40, 30))
    assert model(photo).size == (40, 30) and model(photo).mode == "RGB"


def test_initial_weights_follow_the_recipe_and_the_seed():
    recipe = RECIPES["p0"].reduced()
    (first, net_d), (again, _), (other, _) = (recipe.build_networks(seed) for seed in (0, 0, 1))
    one, two, three = (list(net.parameters()) for net in (first, again, other))
    assert all(map(torch.equal, one, two)) and not all(map(torch.equal, one, three))
    largest = max(net_d.parameters(), key=torch.numel)
    assert largest.std().item() == pytest.approx(0.02, rel=0.05)
    _, net_d = RECIPES["p3-gan"].reduced().build_networks()
    largest = max(net_d.parameters(), key=torch.numel)
    assert largest.std().item() == pytest.approx((2 / largest[0].numel()) ** 0.5, rel=0.05)


def test_replace_changes_only_what_it_names():
    recipe = RECIPES["tutorial"]
    assert recipe.replace() == recipe
    other = recipe.replace("other", config={"batch_size": 4}, data={"max_images": 7})
    assert other.name == "other"
    assert changed(recipe, other) == {
        "pixel.batch_size",
        "adversarial.batch_size",
        "data.max_images",
    }
    assert changed(recipe, recipe.replace(generator={"image_size": 64})) == {"generator.image_size"}
    pixel_discriminator = {
        "discriminator": "PixelDiscriminator",
        "in_channels": 3,
        "base_channels": 64,
        "conditional": True,
    }
    other = recipe.replace(discriminator=pixel_discriminator)
    assert other.discriminator == pixel_discriminator  # another kind replaces the old configuration
    one_stage = recipe.replace(adversarial=None, discriminator=None)
    assert list(one_stage.stages) == ["1-pixel"]
    assert RECIPES["tutorial"] == recipe


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(list(SYSTEMS)), image_size=st.integers(1, 512))
def test_with_image_size_is_idempotent(name, image_size):
    recipe = SYSTEMS[name]
    small = recipe.with_image_size(image_size)
    assert small.with_image_size(image_size) == small
    assert small.data.image_size == max(image_size, recipe.min_size)
    assert changed(recipe, small) <= {
        "data.image_size",
        "generator.num_downs",
        "generator.image_size",
        "discriminator.image_size",
    }
    assert 2 ** small.generator.get("num_downs", 5) <= small.data.image_size
    assert recipe.with_image_size(recipe.data.image_size) == recipe


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(list(SYSTEMS)), image_size=st.integers(32, 200))
def test_networks_accept_the_image_size_of_their_recipe(name, image_size):
    recipe = SYSTEMS[name].with_image_size(image_size)
    side = recipe.data.image_size
    with torch.device("meta"):
        net_g = create_generator(recipe.generator)
        assert net_g.min_size <= side
        if recipe.discriminator is not None:
            net_d = create_discriminator(recipe.discriminator)
            L = torch.zeros(2, 1, side, side)
            output = torch.zeros(2, recipe.scaler.out_channels, side, side)
            assert net_d(L, output).shape[:2] == (2, 1)


@EACH_SYSTEM
def test_reduced_is_small_and_downloads_nothing(name):
    small = SYSTEMS[name].reduced()
    assert small.reduced() == small and not small.pretrained
    assert all((config.epochs, config.batch_size) == (1, 8) for config in small.stages.values())
    assert small.data.image_size <= 96


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"adversarial": None, "discriminator": None},
            "p0 has no stage; expected pixel, adversarial, or both",
        ),
        ({"discriminator": None}, "only one of discriminator and adversarial; expected both"),
        (
            {"pixel": TrainConfig(scaler=LAB_128)},
            "p0 has stages that differ in scaler; expected one scaler",
        ),
    ],
)
def test_stages_that_do_not_fit_together_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        RECIPES["p0"].replace(**fields)


def test_replace_refuses_an_unknown_field():
    with pytest.raises(TypeError):
        RECIPES["p0"].replace(colour="red")


# For each variant in an experiment: the recipe that it varies, and the fields that may differ
RGB_FIELDS = {
    "generator.out_channels",
    "discriminator.in_channels",
    "adversarial.scaler.output_space",
}
STAGE_FIELDS = {"discriminator", "pixel", "adversarial"}
VARIANTS = [
    ("A", "p0-rgb", "p0", RGB_FIELDS),
    ("B", "p0-l2", "p0", {"adversarial.reconstruction"}),
    ("B", "p0-no-pixel-loss", "p0", {"adversarial.lambda_rec"}),
    ("C", "p0-no-discriminator", "p0", STAGE_FIELDS),
    ("C", "p3-no-discriminator", "p3-gan", STAGE_FIELDS),
    (
        "D",
        "p0-image-discriminator",
        "p0",
        {"discriminator.discriminator", "discriminator.n_layers", "discriminator.image_size"},
    ),
    ("E", "p3-gan-label-1", "p3-gan", {"adversarial.gan.real_label"}),
    ("F", "p2-resnet18-lab", "p2-mobilenetv2-lab", {"generator.encoder"}),
    ("F", "p2-mobilenetv2-lab-scratch", "p2-mobilenetv2-lab", {"pretrained"}),
    ("F", "p2-mobilenetv2-lab-frozen", "p2-mobilenetv2-lab", {"generator.frozen"}),
    ("G", "p0-half", "p0", set()),
    ("G", "p0-quarter", "p0", set()),
    ("G", "p1-70", "p1", set()),
    ("G", "p1-80", "p1", set()),
    ("G", "p1-90", "p1", set()),
    ("J", "p2-cnn-filtered", "p2-cnn", set()),
    ("J", "p2-mobilenetv2-lab-filtered", "p2-mobilenetv2-lab", set()),
    ("K", "tutorial-one-stage", "tutorial", {"pixel"}),
    ("K", "tutorial-pixel-only", "tutorial", {"discriminator", "adversarial"}),
]


@pytest.mark.parametrize(("letter", "name", "base", "fields"), VARIANTS)
def test_variant_differs_in_what_the_experiment_is_about(letter, name, base, fields):
    variant = {recipe.name: recipe for recipe in EXPERIMENTS[letter].recipes}[name]
    differing = changed(variant, RECIPES[base])
    # a whole part may be missing or new; single fields must differ exactly
    assert all(path.split(".")[0] in fields for path in differing - fields)
    assert {path for path in fields if "." in path} <= differing


def test_every_variant_is_in_the_table_above():
    for letter in "ABCDEFGIJKL":
        names = {recipe.name for recipe in EXPERIMENTS[letter].recipes}
        assert names - set(RECIPES) == {name for where, name, *_ in VARIANTS if where == letter}


def test_cited_systems_have_the_values_of_their_papers():
    zhang, colorunet = CITED["zhang"].pixel, CITED["colorunet"].pixel
    assert (zhang.lr, zhang.betas, zhang.batch_size) == (3e-5, (0.9, 0.99), 40)
    assert (zhang.scaler, zhang.uniform_share) == (LabScaler(110, "bins", 0.38), 0.5)
    assert (colorunet.lr, colorunet.betas, colorunet.batch_size) == (1e-3, (0.9, 0.999), 64)
    assert (colorunet.scaler, colorunet.uniform_share) == (LabScaler(110, "kmeans_bins"), 0.2)
    assert zhang.scaler.bins.neighbors == 5 and colorunet.scaler.bins.neighbors == 1
    assert zhang.horizontal_flip and colorunet.horizontal_flip and colorunet.min_crop == 0.5


@pytest.mark.parametrize("name", CITED)
def test_cited_system_resumes_where_it_was_stopped(name, photo_splits, tmp_path):
    recipe = CITED[name].reduced().replace(config={"batch_size": 4})
    images = draw_subset(photo_splits[32].train, 16, seed=0)

    def trainer(folder):
        net_g, _ = recipe.build_networks()
        return Trainer(net_g, images, recipe.pixel, folder=folder, validate=lambda net: 0.0)

    whole = trainer(tmp_path / "whole").fit()
    trainer(tmp_path / "parts").fit(max_steps=2)
    resumed = trainer(tmp_path / "parts").fit()
    assert all(map(torch.equal, whole.state_dict().values(), resumed.state_dict().values()))


@pytest.mark.parametrize("name", CITED)
def test_variants_of_cited_systems_differ_in_what_their_authors_compare(name):
    base, even, regression = EXPERIMENTS[name].recipes
    assert base == CITED[name]
    assert changed(base, even) == {"description", "pixel.uniform_share"}
    assert changed(base, regression) == {
        "description",
        "generator.num_bins",
        "pixel.reconstruction",
        "pixel.scaler.output_space",
    }
    assert (regression.pixel.reconstruction, regression.scaler) == ("l2", LabScaler())


@pytest.mark.parametrize(
    ("name", "base"), [("p0-no-discriminator", "p0"), ("p3-no-discriminator", "p3-gan")]
)
def test_without_a_discriminator_the_pixel_loss_stays(name, base):
    assert ALL_RECIPES[name].pixel == RECIPES[base].adversarial


@pytest.mark.parametrize("encoder", ["mobilenetv2", "densenet121"])
def test_rgb_and_lab_of_paper_002_differ_only_in_the_output(encoder):
    differing = changed(RECIPES[f"p2-{encoder}-lab"], RECIPES[f"p2-{encoder}-rgb"])
    texts = ("unspecified.", "reported.", "description")
    assert {path for path in differing if not path.startswith(texts)} == RGB_FIELDS


def test_grid_of_paper_001_has_every_combination_once():
    grid = EXPERIMENTS["paper-001-grid"]
    combinations = {
        (grid.own_splits[recipe.name], recipe.pixel.lr, recipe.pixel.batch_size)
        for recipe in grid.recipes
    }
    assert combinations == {
        (fraction, lr, batch_size)
        for fraction in (0.7, 0.8, 0.9)
        for lr in (1e-3, 1e-4)
        for batch_size in (20, 32, 64, 100)
    }
    assert len(grid.recipes) == 24 and len(EXPERIMENTS["H"].recipes) == 8
    for recipe in (*grid.recipes, *EXPERIMENTS["H"].recipes):
        assert changed(recipe, RECIPES["p1"]) <= {"pixel.lr", "pixel.batch_size"}


def test_runs_that_paper_001_reports():
    reported = EXPERIMENTS["paper-001-reported"]
    runs = {
        (reported.own_splits[recipe.name], recipe.pixel.lr, recipe.pixel.batch_size)
        for recipe in reported.recipes
    }
    assert runs == {(0.8, 1e-3, 64), (0.7, 1e-4, 64), (0.9, 1e-4, 64)}  # its section 4


def test_experiments_have_every_letter_and_every_paper():
    papers = [f"paper-{number}" for number in ("000", "001", "002", "003", "004")]
    assert list(EXPERIMENTS) == [
        "all",
        *papers,
        *"ABCDEFGHIJKL",
        "zhang",
        "colorunet",
        "paper-001-reported",
        "paper-001-grid",
    ]
    assert [recipe.name for recipe in EXPERIMENTS["all"].recipes] == list(RECIPES)
    assert sum(len(EXPERIMENTS[paper].recipes) for paper in papers) == 12  # all but the tutorial
    assert EXPERIMENTS["I"].test_data == "coco"
    assert EXPERIMENTS["J"].filtered == {"p2-cnn-filtered", "p2-mobilenetv2-lab-filtered"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_names_its_own_recipes(name):
    experiment = EXPERIMENTS[name]
    names = [recipe.name for recipe in experiment.recipes]
    assert experiment.name == name and len(names) == len(set(names))
    assert experiment.question.isprintable()
    assert set(experiment.train_fractions) <= set(names) and experiment.filtered <= set(names)
    assert set(experiment.own_splits) <= set(names) - set(experiment.train_fractions)
    for fractions in (experiment.train_fractions, experiment.own_splits):
        assert all(0 < fraction < 1 for fraction in fractions.values())
    for recipe in experiment.recipes:  # one name is one recipe, in every experiment
        assert recipe == ALL_RECIPES[recipe.name]
