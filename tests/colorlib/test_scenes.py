"""Scenes: reproducible, true to their classes, and without information about colours in L."""

import random
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from scipy import stats

from colorlib.color import out_of_gamut, rgb_to_lab
from colorlib.scenes import CLASSES, MAJORITY_PROBABILITY, _draw_scene, draw_scenes, objects
from colorlib.scenes.drawing import Canvas, SceneRNG

FIELDS = ("rgb", "classes", "interior", "ball_hue", "flag_is_major")
N, TRAIN = 1800, 1200


@pytest.fixture(scope="module")
def many():
    return draw_scenes(N)


@pytest.fixture(scope="module")
def drawn():
    """Return the canvas of 128 scenes before it becomes 8-bit RGB."""
    rng = SceneRNG(3, range(128))
    return _draw_scene(rng, 64, rng(0, 2 * np.pi), rng() < MAJORITY_PROBABILITY)


def same(one, other):
    return all(torch.equal(getattr(one, field), getattr(other, field)) for field in FIELDS)


def part(batch, rows):
    return type(batch)(**{field: getattr(batch, field)[rows] for field in FIELDS})


def area(mask):
    return mask.flatten(1).sum(1)


def is_class(batch, name):
    return batch.classes == CLASSES.index(name)


@pytest.mark.parametrize("size", [32, 33, 64, 150])
def test_scene_depends_on_its_seed_and_number_only(size):
    batch = draw_scenes(36, size, seed=5, start=7)  # at 64 and 150, more than are drawn at once
    for number in (0, 3, 31, 35):
        assert same(
            part(batch, slice(number, number + 1)), draw_scenes(1, size, seed=5, start=7 + number)
        )
    assert same(part(batch, slice(10, 36)), draw_scenes(26, size, seed=5, start=17))


def test_crop_around_changes_nothing(monkeypatch):
    cut = draw_scenes(20, 150)
    monkeypatch.setattr(Canvas, "crop_around", lambda self, *reach: self)
    assert same(cut, draw_scenes(20, 150))


def test_scenes_and_seeds_differ():
    first = draw_scenes(20).rgb.flatten(1)
    assert len(first.unique(dim=0)) == 20
    assert (first != draw_scenes(20, seed=1).rgb.flatten(1)).any(1).all()
    assert draw_scenes(1, seed=2**40, start=10**9).rgb.isfinite().all()


def test_scenes_leave_global_random_states_unchanged():
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    one = draw_scenes(2)
    assert before == (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )
    with torch.random.fork_rng():
        torch.manual_seed(123)
        assert same(one, draw_scenes(2))


def test_number_of_threads_changes_nothing():
    threads, one = torch.get_num_threads(), draw_scenes(2, 200)
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        assert same(one, draw_scenes(2, 200))
    finally:
        torch.set_num_threads(threads)


def test_scenes_have_shapes_types_and_ranges(many):
    assert many.rgb.shape == (N, 3, 64, 64) and many.classes.shape == many.interior.shape == (
        N,
        64,
        64,
    )
    assert many.ball_hue.shape == many.flag_is_major.shape == (N,)
    dtypes = [getattr(many, field).dtype for field in FIELDS]
    assert dtypes == [torch.float32, torch.uint8, torch.bool, torch.float32, torch.bool]
    assert many.rgb.min() >= 0 and many.rgb.max() <= 1
    assert torch.equal((many.rgb * 255).round() / 255, many.rgb)
    assert many.ball_hue.min() >= 0 and many.ball_hue.max() < 2 * np.pi
    with pytest.raises(FrozenInstanceError):
        many.rgb = None


def test_every_class_is_drawn(many):
    assert many.classes.unique().tolist() == list(range(len(CLASSES)))
    assert all(many.mask(name).any() for name in CLASSES)
    for name in set(CLASSES) - {"sun"}:  # which a cloud or a hill may cover
        assert area(is_class(many, name)).min() > 10, name


@pytest.mark.parametrize(
    ("name", "min_area", "min_interior"), [("ball", 110, 90), ("flag", 80, 60), ("ladybird", 50, 8)]
)
def test_measured_objects_are_whole_and_large_enough(many, name, min_area, min_interior):
    mask = is_class(many, name)
    assert area(mask).min() >= min_area and area(many.mask(name)).min() >= min_interior
    assert not (
        mask[:, 0].any() or mask[:, -1].any() or mask[:, :, 0].any() or mask[:, :, -1].any()
    )
    height, width = mask.any(2).sum(1), mask.any(1).sum(1)
    assert (area(mask) / (height * width)).min() > 0.5  # nothing covers a part of it
    if name == "ball":
        assert (height - width).abs().max() <= 1
        assert (area(mask) / (np.pi / 4 * height * width) - 1).abs().max() < 0.15


def test_masks_fit_the_colors(many):
    many = part(many, slice(0, 800))
    L, a, b = many.lab().movedim(1, 0)
    hue, chroma = torch.atan2(b, a), torch.hypot(a, b)
    ball = many.mask("ball")
    turned = hue - many.ball_hue[:, None, None]
    assert torch.atan2(turned.sin(), turned.cos())[ball].abs().max() < 0.2
    assert ((chroma[ball] - objects.CHROMA).abs() < 5).all()
    assert L[ball].min() >= 54.5 and L[ball].max() <= 75.5
    for major, (a0, b0) in ((True, objects.MAJOR), (False, objects.MINOR)):
        flag = many.mask("flag") & (many.flag_is_major == major)[:, None, None]
        assert torch.hypot(a[flag] - a0, b[flag] - b0).max() < 10
    for name, test in (
        ("lawn", (a < -10) & (b > 15)),
        ("tree", (a < 0) & (L < 70)),
        ("hoop", (chroma < 15) & (L > 70)),
        ("cloud", L > 70),
    ):
        assert test[many.mask(name)].float().mean() > 0.999, name


def test_ladybird_is_always_red(many):
    many = part(many, slice(0, 800))
    lab = rgb_to_lab(many.rgb).movedim(1, 0)[:, many.mask("ladybird")]
    degrees = torch.rad2deg(torch.atan2(lab[2], lab[1]))
    assert degrees.min() > 30 and degrees.max() < 40
    assert torch.hypot(lab[1], lab[2]).min() > 55


def test_interior_excludes_edges_and_spots(many):
    assert 0.75 < many.interior.float().mean() < 0.95
    many = part(many, slice(0, 100))
    black = rgb_to_lab(many.rgb)[:, 0] < 20
    assert (is_class(many, "ladybird") & black).any() and not (many.interior & black).any()


def test_another_size_is_the_same_image():
    small, large = draw_scenes(8, 64), draw_scenes(8, 256)
    shrunk = torch.nn.functional.avg_pool2d(large.rgb, 4)
    assert (small.rgb - shrunk).abs().mean() < 0.01
    for index, name in enumerate(CLASSES):  # each pixel's class is among its 16 in the large image
        found = torch.nn.functional.max_pool2d((large.classes == index).float(), 4) > 0
        assert found[small.mask(name)].float().mean() > 0.99, name
    assert torch.equal(small.ball_hue, large.ball_hue) and torch.equal(
        small.flag_is_major, large.flag_is_major
    )


def test_ball_and_flag_colors_are_inside_srgb():
    hue = torch.linspace(0, 2 * np.pi, 721)
    L = torch.linspace(55, 75, 81)[:, None].expand(81, 721)
    ball = torch.stack(
        [
            L,
            (objects.CHROMA * hue.cos()).expand(81, 721),
            (objects.CHROMA * hue.sin()).expand(81, 721),
        ]
    )
    assert not out_of_gamut(ball[None]).any()
    for a, b in (objects.MAJOR, objects.MINOR):
        stray = torch.linspace(-3, 3, 7)
        colors = torch.cartesian_prod(torch.linspace(48, 62, 57), a + stray, b + stray)
        assert not out_of_gamut(colors.T[None, :, None]).any()


def test_all_drawn_colors_are_inside_srgb(drawn):
    assert drawn.lab.dtype == np.float32
    assert not out_of_gamut(torch.from_numpy(drawn.lab)).any()


def test_hues_and_flags_have_their_distributions(many):
    assert stats.kstest(many.ball_hue.numpy() / (2 * np.pi), "uniform").pvalue > 0.01
    assert stats.binomtest(int(many.flag_is_major.sum()), N, MAJORITY_PROBABILITY).pvalue > 0.01
    major, minor = (many.ball_hue[many.flag_is_major == which].numpy() for which in (True, False))
    assert stats.ks_2samp(major, minor).pvalue > 0.01


def test_lab_has_the_255_steps_of_a_gray_photo(many):
    few = part(many, slice(0, 20))
    lab, exact = few.lab(), rgb_to_lab(few.rgb)
    steps = lab[:, 0] * 255 / 100
    assert (steps - steps.round()).abs().max() < 1e-4 and (lab - exact)[:, 0].abs().max() <= 0.197
    assert torch.equal(lab[:, 1:], exact[:, 1:])


def crops(values, mask, reach):
    """Cut (n, c, h, w) around the middle of each mask: (n, c * (2 reach + 1)^2)."""
    line = torch.arange(64.0)
    x, y = ((mask.sum(dim) @ line / area(mask)).round().long().tolist() for dim in (1, 2))
    around = zip(values, x, y, strict=True)
    cut = [v[:, j - reach : j + reach + 1, i - reach : i + reach + 1] for v, i, j in around]
    return torch.stack(cut).flatten(1).numpy()


def score(values, mask, reach, target):
    """Return R^2 on held-out scenes of a forest that is fitted on the others."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.metrics import r2_score

    forest = RandomForestRegressor(25, min_samples_leaf=5, max_features=0.25, random_state=0)
    x = crops(values, mask.float(), reach)
    forest.fit(x[:TRAIN], target[:TRAIN])
    return r2_score(target[TRAIN:], forest.predict(x[TRAIN:]))


@pytest.mark.parametrize("name", ["ball", "flag"])
def test_regressor_finds_the_color_in_rgb_but_not_in_L(many, name):
    mask, lab = many.mask(name), many.lab()
    hue, major = many.ball_hue.numpy(), many.flag_is_major.float().numpy()
    target, reach = (np.stack([np.cos(hue), np.sin(hue)], 1), 3) if name == "ball" else (major, 2)
    assert score(lab[:, :1], mask, reach, target) <= 0.02
    assert (
        score(rgb_to_lab(many.rgb)[:, :1], mask, reach, target) <= 0.02
    )  # not from its last bits either
    assert score(many.rgb, mask, reach, target) > 0.95
    leaky = (
        lab[:, :1] + 2 * torch.as_tensor(target.reshape(N, -1)[:, :1, None, None]) * mask[:, None]
    )
    assert score(leaky, mask, reach, target) > 0.04  # two units of L would have been noticed


def test_mean_L_does_not_correlate_with_the_color(many):
    L = many.lab()[:, 0]
    for name, targets in (
        ("ball", (many.ball_hue.cos(), many.ball_hue.sin())),
        ("flag", (many.flag_is_major.float(),)),
    ):
        mask = many.mask(name)
        mean = (L * mask).sum((1, 2)) / area(mask)
        for target in targets:
            assert abs(np.corrcoef(mean, target)[0, 1]) < 3 / N**0.5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n": 0}, "n is 0; expected at least 1"),
        ({"n": 1, "size": 31}, "size is 31; expected at least 32"),
        ({"n": 1, "seed": -1}, "seed is -1; expected at least 0"),
        ({"n": 1, "start": -2}, "start is -2; expected at least 0"),
    ],
)
def test_draw_scenes_too_small_numbers_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        draw_scenes(**wrong)


def test_mask_unknown_class_is_refused():
    with pytest.raises(ValueError, match="name is 'cat'; expected one of sky, sun, .* ball"):
        draw_scenes(1).mask("cat")
