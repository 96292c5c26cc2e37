"""Metrics with a protocol: spaces, averages, hues, batches, data sets, intervals."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from image_batches import flat_images, lab_image, photos_and_faded_copies, random_images
from scipy import stats
from torch import nn

from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.evaluation.collection import (
    MetricCollection,
    default_metrics,
    paper_002_metrics,
    score_batch,
)
from colorlib.evaluation.evaluate import colorize_batch, evaluate
from colorlib.evaluation.hue import HUES, hue_error
from colorlib.evaluation.metric import l1_metric, mse_metric, psnr_metric
from colorlib.evaluation.statistics import mean_gain_interval, wilson_interval
from colorlib.metrics import ciede2000, colorfulness, gray_baseline, l1, mse, psnr

REAL, FAKE = photos_and_faded_copies()
LAB_110, LAB_128 = LabScaler(110), LabScaler(128)
HUE_NAMES = [*HUES, "gray"]
CROPS = sample_photo_crops(10, 32)
BYTES = TensorImages(CROPS.mul(255).round().to(torch.uint8))


@pytest.fixture(scope="module")
def numbers():
    return score_batch(FAKE, REAL)


# Spaces, peaks and averages


def test_psnr_on_ab_depends_on_the_scaler():
    by_110, by_128 = (psnr_metric("net_ab", 2, scaler)(FAKE, REAL) for scaler in (LAB_110, LAB_128))
    assert by_128 - by_110 == pytest.approx(20 * math.log10(128 / 110), abs=1e-5)
    assert by_128 - by_110 == pytest.approx(1.316, abs=0.001)


def test_spaces_are_what_they_say():
    x, y, scaler = rgb_to_lab(FAKE).double(), rgb_to_lab(REAL).double(), LabScaler(100)
    mse_L, mse_ab = mse(x[:, :1], y[:, :1]) / 50**2, mse(x[:, 1:], y[:, 1:]) / 100**2
    expected = {
        "rgb": mse(FAKE, REAL),
        "net_rgb": 4 * mse(FAKE, REAL),
        "net_ab": mse_ab,
        "net_lab": (mse_L + 2 * mse_ab) / 3,
    }
    for space, errors in expected.items():
        found = mse_metric(space, scaler)(FAKE, REAL)
        assert found == pytest.approx(errors.mean().item(), rel=1e-5)
        metric = psnr_metric(space, 2, scaler)
        assert metric(FAKE, REAL) == pytest.approx(psnr(errors, 2).mean().item(), abs=1e-4)
        assert metric(FAKE, REAL) == pytest.approx(metric(REAL, FAKE), abs=1e-9)
    assert l1_metric("net_rgb")(FAKE, REAL) == pytest.approx(2 * l1(FAKE, REAL).mean().item())
    l1_L, l1_ab = l1(x[:, :1], y[:, :1]).mean() / 50, l1(x[:, 1:], y[:, 1:]).mean() / 100
    found = l1_metric("net_lab", scaler)(FAKE, REAL)
    assert found == pytest.approx(((l1_L + 2 * l1_ab) / 3).item(), rel=1e-5)


def test_psnr_on_rgb_is_the_same_in_both_ranges():
    in_0_1, in_minus_1_1 = psnr_metric("rgb", 1)(FAKE, REAL), psnr_metric("net_rgb", 2)(FAKE, REAL)
    assert in_0_1 == pytest.approx(in_minus_1_1, abs=1e-9)


def test_mean_and_pooled_psnr_differ_by_jensens_gap():
    real = torch.full((2, 3, 4, 4), 0.5, dtype=torch.float64)
    fake = real + torch.tensor([0.1, 0.01], dtype=torch.float64).view(2, 1, 1, 1)
    mean = psnr_metric("rgb", 1)(fake, real)
    pooled = psnr_metric("rgb", 1, pooled=True)(fake, real)
    assert mean == pytest.approx(30)  # of 20 and 40 dB
    assert pooled == pytest.approx(-10 * math.log10((0.1**2 + 0.01**2) / 2))
    assert mean - pooled == pytest.approx(10 * math.log10(50.5) - 10)
    assert mean - pooled == pytest.approx(7.033, abs=0.001)


def test_pooling_weighs_pixels_and_the_mean_weighs_images():
    collection = MetricCollection(
        {
            "mean": psnr_metric("rgb", 1),
            "pooled": psnr_metric("rgb", 1, pooled=True),
            "mse": mse_metric(),
        }
    )
    for d, size in ((0.1, 2), (0.01, 4)):
        real = torch.full((1, 3, size, size), 0.5, dtype=torch.float64)
        collection.update(real + d, real)
    numbers = collection.compute()
    assert numbers["mean"] == pytest.approx(30)
    assert numbers["mse"] == pytest.approx((0.1**2 + 0.01**2) / 2)
    assert numbers["pooled"] == pytest.approx(-10 * math.log10((4 * 0.1**2 + 16 * 0.01**2) / 20))


def test_one_identical_image_makes_the_mean_psnr_infinite():
    mean, pooled = psnr_metric("rgb", 1), psnr_metric("rgb", 1, pooled=True)
    real = random_images(2, 12, 12)
    assert mean(real, real) == pooled(real, real) == math.inf
    fake = torch.cat([real[:1], (real[1:] + 0.1).clamp(max=1)])
    assert mean(fake, real) == math.inf and math.isfinite(pooled(fake, real))


def test_paper_002_metric_is_psnr_on_ab_with_peak_2_per_image():
    metrics = paper_002_metrics(LAB_128)
    errors = mse(*(rgb_to_lab(rgb)[:, 1:] / 128 for rgb in (FAKE, REAL)))
    found = metrics["paper_002_mse"](FAKE, REAL)
    assert found == pytest.approx(errors.mean().item(), rel=1e-5)
    found = metrics["paper_002_psnr"](FAKE, REAL)
    assert found == pytest.approx(psnr(errors, 2).mean().item(), abs=1e-4)
    protocol = metrics["paper_002_psnr"].protocol
    assert "ab / 128" in protocol and "peak 2" in protocol
    rgb = paper_002_metrics(LabScaler(128, "rgb"))["paper_002_psnr"]
    assert rgb(FAKE, REAL) == pytest.approx(psnr_metric("rgb", 1)(FAKE, REAL), abs=1e-9)
    assert "RGB in [-1, 1]" in rgb.protocol


def test_every_protocol_says_what_it_needs():
    protocols = {name: metric.protocol for name, metric in default_metrics(LAB_128).items()}
    assert len(set(protocols.values())) == len(protocols)
    assert all("image" in text and "\n" not in text for text in protocols.values())
    psnrs = [text for name, text in protocols.items() if "psnr" in name]
    assert all("peak" in text and "dB" in text for text in psnrs)
    scaled = {name for name, text in protocols.items() if "128" in text}
    assert scaled == {"paper_002_mse", "paper_002_psnr", "paper_003_l1"}


# Hues


@pytest.mark.parametrize(
    ("rgb", "hue"),
    [
        ((1, 0, 0), "red"),
        ((1, 0.647, 0), "orange"),
        ((0.545, 0.271, 0.075), "orange"),  # saddle brown
        ((1, 1, 0), "yellow"),
        ((0, 0.5, 0), "green"),
        ((0, 1, 1), "cyan"),
        ((0, 0, 1), "blue"),
        ((0.53, 0.81, 0.92), "blue"),  # sky
        ((1, 0, 1), "purple"),
        ((1, 0.08, 0.58), "pink"),
        ((0.5, 0.5, 0.5), "gray"),
        ((0, 0, 0), "gray"),
    ],
)
def test_a_color_counts_for_the_hue_that_people_call_it(rgb, hue):
    fake, real = flat_images((0.5, 0.5, 0.5)), flat_images(rgb)
    errors = hue_error()(fake, real)
    assert {name for name in HUE_NAMES if errors[f"{name}_pixels"]} == {hue}
    assert errors[hue] == pytest.approx(ciede2000(rgb_to_lab(fake), rgb_to_lab(real)).item())
    assert all(math.isnan(errors[name]) for name in HUE_NAMES if name != hue)


def test_errors_count_for_the_hue_of_the_truth():
    real = lab_image((60, 30, 20), (60, 30, 20), (60, -30, 30), (60, 9, 0), (60, 11, 0))
    fake = lab_image((60, 30, 20), (60, 0, 0), (60, -30, 30), (60, 40, 0), (60, 11, 0))
    found, errors = hue_error()(fake, real), ciede2000(rgb_to_lab(fake), rgb_to_lab(real))[0, 0]
    assert found["red"] == pytest.approx(errors[:2].mean().item()) and found["red_pixels"] == 2
    assert found["green"] == pytest.approx(0, abs=1e-6) and found["green_pixels"] == 1
    assert found["gray"] == pytest.approx(errors[3].item())  # its chroma is 9
    assert found["gray_pixels"] == 1
    assert found["pink_pixels"] == 1  # chroma 11, and an angle of 0, before the first hue begins
    assert math.isnan(found["blue"]) and found["blue_pixels"] == 0


def test_hue_error_takes_other_limits_and_names():
    image = lab_image((60, 9, 1), (60, 1, 9))
    assert hue_error(min_chroma=5)(image, image)["gray_pixels"] == 0
    halves = {"right": 0, "up": 45}
    found = hue_error(min_chroma=5, hues=halves)(image, image)
    assert (found["right_pixels"], found["up_pixels"]) == (1, 1)
    assert "up from 45" in hue_error(hues=halves).protocol


def test_hues_and_gray_together_are_the_mean_ciede2000(numbers):
    pixels = np.array([numbers[f"hue_{name}_pixels"] for name in HUE_NAMES])
    errors = np.array([numbers[f"hue_{name}"] for name in HUE_NAMES])
    assert pixels.sum() == len(REAL) * 96 * 96
    assert np.nansum(errors * pixels) / pixels.sum() == pytest.approx(numbers["ciede2000"])


# Ratios


def test_ratios_of_half_the_chroma():
    real = lab_image((60, 20, 10), (60, -20, 20), (50, 0, -30))
    fake = lab_to_rgb(rgb_to_lab(real) * torch.tensor([1, 0.5, 0.5]).view(1, 3, 1, 1))
    metrics = default_metrics()
    assert metrics["chroma_ratio"](fake, real) == pytest.approx(0.5, abs=1e-3)
    assert 0.4 < metrics["colorfulness_ratio"](fake, real) < 0.6
    assert metrics["colorfulness"](fake, real) == pytest.approx(colorfulness(fake).item())


def test_ratios_of_a_gray_truth():
    gray, red = flat_images((0.5, 0.5, 0.5), size=4), flat_images((1, 0, 0), size=4)
    metrics = default_metrics()
    assert metrics["colorfulness_ratio"](red, gray) == math.inf
    assert math.isnan(metrics["colorfulness_ratio"](gray, gray))
    assert metrics["chroma_ratio"](gray, gray) == pytest.approx(1)
    assert metrics["chroma_ratio"](red, gray) > 1000


# Batches


@settings(deadline=None, max_examples=8, derandomize=True)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 99))
def test_numbers_do_not_depend_on_batches(sizes, seed):
    fake = random_images(sum(sizes), 11, 12, seed)
    real = random_images(sum(sizes), 11, 12, seed + 100)
    collection = MetricCollection()
    for x, y in zip(fake.split(sizes), real.split(sizes), strict=True):
        collection.update(x, y)
    numbers = collection.compute()
    assert collection.num_images == sum(sizes)
    assert numbers == pytest.approx(score_batch(fake, real), rel=1e-4, nan_ok=True)
    for name, metric in collection.metrics.items():
        if name != "hue":
            assert metric(fake, real) == pytest.approx(numbers[name], rel=1e-6)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(st.integers(0, 99))
def test_identity_symmetry_and_order(seed):
    fake, real = random_images(2, 11, 11, seed), random_images(2, 11, 11, seed + 100)
    same, there, back = score_batch(real, real), score_batch(fake, real), score_batch(real, fake)
    for name in ("mse", "l1", "ciede2000", "paper_002_mse", "paper_003_l1"):
        assert same[name] == 0 < there[name]
    assert same["psnr"] == same["psnr_pooled"] == same["paper_002_psnr"] == math.inf
    for name in ("ssim", "colorfulness_ratio", "chroma_ratio"):
        assert same[name] == pytest.approx(1)
    asymmetric = {"hue", "colorfulness", "colorfulness_ratio", "chroma_ratio"}
    for name in set(default_metrics()) - asymmetric:
        assert there[name] == pytest.approx(back[name], rel=1e-6)
    assert there["chroma_ratio"] == pytest.approx(1 / back["chroma_ratio"])
    assert there["psnr"] >= there["psnr_pooled"] - 1e-9  # Jensen
    assert score_batch(fake.flip(0), real.flip(0)) == pytest.approx(there, rel=1e-4, nan_ok=True)


@pytest.mark.parametrize("size", [1, 5])
def test_flat_images_have_every_number_but_ssim(size):
    metrics = {name: metric for name, metric in default_metrics().items() if name != "ssim"}
    collection = MetricCollection(metrics)
    collection.update(
        flat_images((0.6, 0.5, 0.5), size=size), flat_images((0.5, 0.6, 0.5), size=size)
    )
    numbers = collection.compute()
    assert all(math.isfinite(v) for name, v in numbers.items() if not name.startswith("hue_"))
    assert numbers["mse"] == pytest.approx(0.02 / 3, rel=1e-5)


def test_collection_prints_every_number_with_its_protocol():
    collection = MetricCollection(default_metrics(LAB_128))
    collection.update(FAKE[:4], REAL[:4])
    collection.update(FAKE[4:], REAL[4:])
    lines, numbers = str(collection).splitlines(), collection.compute()
    assert lines[0] == "images: 6, as given: not resized, cropped or rounded"
    for name in numbers:
        assert any(line.startswith(name) for line in lines)
    for protocol in collection.protocols.values():
        assert any(line.endswith(protocol) for line in lines)
    assert json.loads(json.dumps(numbers)).keys() == numbers.keys()


def test_refused_batch_changes_nothing():
    collection = MetricCollection()
    collection.update(random_images(1, 12, 12), random_images(1, 12, 12, seed=1))
    before = collection.compute()
    with pytest.raises(ValueError, match="SSIM expected at least 11x11"):
        collection.update(random_images(1, 5, 12), random_images(1, 5, 12))
    assert collection.compute() == pytest.approx(before, nan_ok=True)
    assert collection.num_images == 1


def test_collections_share_metrics_but_not_numbers():
    metrics = {"mse": mse_metric()}
    first, second = MetricCollection(metrics), MetricCollection(metrics)
    first.update(random_images(1, 4, 4), random_images(1, 4, 4, seed=1))
    with pytest.raises(ValueError, match="holds no image; expected at least one: call update"):
        second.compute()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_dtype_gradients_and_autocast_do_not_matter(dtype):
    fake, real = (random_images(2, 11, 11, seed).to(dtype) for seed in (1, 2))
    expected = pytest.approx(score_batch(fake.double(), real.double()), nan_ok=True)
    assert score_batch(fake.requires_grad_(), real) == expected
    with torch.autocast("cpu", torch.bfloat16):
        assert score_batch(fake, real) == expected


# What is refused

GOOD = torch.full((1, 3, 12, 12), 0.5)
ONE_NAN = GOOD.clone()
ONE_NAN[0, 1, 3, 3] = math.nan


@pytest.mark.parametrize(
    ("fake", "real", "error", "message"),
    [
        (
            GOOD,
            GOOD[:, :, :11],
            ValueError,
            r"\(1, 3, 12, 12\) and real \(1, 3, 11, 12\); expected",
        ),
        (GOOD, GOOD.expand(2, 3, 12, 12), ValueError, "expected the same"),
        (GOOD[0], GOOD[0], ValueError, r"fake has shape \(3, 12, 12\).* add a batch dimension"),
        (GOOD[:, :2], GOOD[:, :2], ValueError, r"fake has shape \(1, 2, 12, 12\)"),
        (GOOD.numpy(), GOOD, TypeError, "fake is a ndarray"),
        (GOOD, (GOOD * 255).to(torch.uint8), TypeError, "real has dtype torch.uint8"),
        (GOOD * 255, GOOD, ValueError, r"fake runs from 128 to 128; expected \[0, 1\]: divide by"),
        (GOOD, GOOD - 1, ValueError, r"real runs from -0.5 to -0.5; expected \[0, 1\]"),
        (ONE_NAN, GOOD, ValueError, r"fake runs from nan to nan; .*has the network diverged"),
        (GOOD, GOOD * math.inf, ValueError, "real runs from inf to inf"),
        (GOOD[:0], GOOD[:0], ValueError, r"\(0, 3, 12, 12\); expected at least one value"),
        (GOOD[..., :10], GOOD[..., :10], ValueError, "12x10; SSIM expected at least 11x11: leave"),
    ],
)
def test_bad_images_are_refused_in_one_sentence(fake, real, error, message):
    with pytest.raises(error, match=message) as caught:
        score_batch(fake, real)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("peak", [0, -1, math.inf, math.nan])
def test_peak_that_is_not_positive_is_refused(peak):
    with pytest.raises(ValueError, match="expected a (positive )?number"):
        psnr_metric("rgb", peak)


@pytest.mark.parametrize("make", [mse_metric, l1_metric, lambda space: psnr_metric(space, 2)])
def test_unknown_space_is_refused(make):
    message = "space is 'ab'; expected 'rgb', 'net_rgb', 'net_ab' or 'net_lab'"
    with pytest.raises(ValueError, match=message):
        make("ab")


@pytest.mark.parametrize("name", sorted(default_metrics()))
def test_no_metric_takes_different_shapes(name):
    with pytest.raises(ValueError, match="expected the same: resize or crop one"):
        default_metrics()[name](GOOD, GOOD.expand(2, 3, 12, 12))


# Data sets


class TrueColors(nn.Module):
    """Returns the true colours of the image that has the same L."""

    def __init__(self, rgb, scaler):
        super().__init__()
        lab = rgb_to_lab(rgb)
        self.L, self.ab = lab[:, :1], scaler.normalize(lab)[1]

    def forward(self, L):
        indices = [(self.L - (one + 1) * 50).abs().amax((1, 2, 3)).argmin() for one in L]
        return self.ab[torch.stack(indices)]


@pytest.mark.parametrize("scaler", [LAB_110, LAB_128])
def test_evaluate_scores_true_colors_as_nearly_perfect(scaler):
    evaluation = evaluate(TrueColors(CROPS, scaler), BYTES, scaler, batch_size=3)
    numbers = evaluation.compute()
    assert evaluation.num_images == 10 and numbers["psnr"] > 45 and numbers["ssim"] > 0.99


def test_evaluate_without_a_network_is_the_gray_baseline():
    assert evaluate(None, BYTES).compute()["chroma_ratio"] < 1e-3
    assert colorize_batch(None, CROPS) == pytest.approx(gray_baseline(CROPS), abs=0.01)


def test_network_sees_8_bit_gray_in_evaluation_mode():
    seen = []

    class Spy(nn.Module):
        def forward(self, L):
            seen.append((self.training, (L + 1) * 127.5))
            return torch.zeros(len(L), 2, *L.shape[2:])

    evaluate(Spy().train(), BYTES, metrics={"psnr": psnr_metric("rgb", peak=1)})
    training, gray = seen[0]
    assert not training and torch.allclose(gray, gray.round(), atol=1e-3)


def test_evaluate_does_not_depend_on_batch_size():
    metrics = {name: metric for name, metric in default_metrics().items() if name != "hue"}
    one, two = (evaluate(None, BYTES, metrics=metrics, batch_size=n).compute() for n in (10, 3))
    assert set(one) == set(metrics) and one == pytest.approx(two)


# Intervals


def test_mean_gain_interval_equals_scipys_bootstrap():
    gains = torch.randn(60, generator=torch.Generator().manual_seed(1))
    photo = torch.arange(60) % 12
    draws = torch.randint(12, (20_000, 12), generator=torch.Generator().manual_seed(2))
    low, mean, high = mean_gain_interval(gains, photo, draws).tolist()
    means = np.array([gains[photo == p].mean() for p in range(12)])
    expected = stats.bootstrap(
        (means,), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    assert mean == pytest.approx(means.mean(), abs=1e-6)
    assert low == pytest.approx(expected.low, abs=0.01)
    assert high == pytest.approx(expected.high, abs=0.01)


def test_mean_gain_interval_keeps_crops_of_a_photo_together():
    gains, photo = torch.tensor([1.0, 3.0]), torch.tensor([0, 1])
    draws = torch.randint(2, (500, 2), generator=torch.Generator().manual_seed(0))
    once = mean_gain_interval(gains, photo, draws)
    often = mean_gain_interval(gains.repeat(50), photo.repeat(50), draws)
    assert torch.allclose(once, often)
    with pytest.raises(ValueError, match="a photo has no crop"):
        mean_gain_interval(torch.zeros(2), torch.tensor([0, 2]), draws)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (10, 10, 0.7225, 1),
        (0, 10, 0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe (1998), table I, method 3
    ],
)
def test_wilson_interval_equals_published_ones(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_interval_needs_trials(successes, trials):
    with pytest.raises(ValueError, match="expected at least one trial"):
        wilson_interval(successes, trials)
