"""Metrics against scikit-image, torchmetrics and closed forms; averages over batches; what is refused."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color as skcolor
from skimage import metrics as skmetrics
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab
from colorlib.data import sample_photos
from colorlib.evaluation.collection import (
    MetricCollection,
    default_metrics,
    paper_002_metrics,
    score_batch,
)
from colorlib.evaluation.hue import HUES, hue_error
from colorlib.evaluation.metric import l1_metric, mse_metric, psnr_metric
from colorlib.evaluation.statistics import mean_gain_interval
from colorlib.metrics import chroma, ciede2000, colorfulness, gray_baseline, l1, mse, psnr, ssim

JENSEN = (
    10 * math.log10(50.5) - 10
)  # what the mean of decibels gains over the pooled number, for 0.1 and 0.01


def noise(n, h, w, seed=0, channels=3):
    return torch.rand(n, channels, h, w, generator=torch.Generator().manual_seed(seed))


def flat(*colors, size=1):
    """Make a batch of pictures (n, 3, size, size), each of one colour."""
    return torch.tensor(colors, dtype=torch.float32).view(-1, 3, 1, 1).expand(-1, 3, size, size)


def lab_picture(*colors):
    """Make a picture (1, 3, 1, number of colours) of Lab colours inside sRGB."""
    return lab_to_rgb(torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, -1))


def to_last(tensor):
    return tensor.movedim(1, -1).double().numpy()


@pytest.fixture(scope="module")
def real():
    return torch.cat([photo.rgb(96) for photo in sample_photos("all")])


@pytest.fixture(scope="module")
def fake(real):
    """Half the colour, and noise: every metric has something to find."""
    lab = rgb_to_lab(real)
    lab = torch.cat(
        [lab[:, :1], lab[:, 1:] * 0.5 + 20 * (noise(len(real), 96, 96, channels=2) - 0.5)], dim=1
    )
    return lab_to_rgb(lab)


@pytest.fixture(scope="module")
def numbers(fake, real):
    return score_batch(fake, real)


# The mathematics


@pytest.mark.parametrize("source", ["noise", "photos"])
def test_scores_equal_scikit_image_and_torchmetrics(source, fake, real):
    if source == "noise":
        fake, real = noise(3, 20, 31, seed=1), noise(3, 20, 31, seed=2)
    rows = to_last(fake), to_last(real), mse(fake, real), ssim(fake, real)
    for x, y, error, similarity in zip(*rows, strict=True):
        assert psnr(error, 1).item() == pytest.approx(
            skmetrics.peak_signal_noise_ratio(y, x, data_range=1)
        )
        wang = {
            "gaussian_weights": True,
            "sigma": 1.5,
            "use_sample_covariance": False,
            "data_range": 1,
        }
        expected = skmetrics.structural_similarity(x, y, channel_axis=-1, **wang)
        assert similarity.item() == pytest.approx(expected, abs=1e-12)
    fake, real = fake.double(), real.double()
    theirs = peak_signal_noise_ratio(fake, real, data_range=1.0, reduction="none", dim=(1, 2, 3))
    assert psnr(mse(fake, real), 1).numpy() == pytest.approx(theirs.numpy(), abs=1e-5)
    assert psnr_metric("rgb", peak=1, pooled=True)(fake, real) == pytest.approx(
        peak_signal_noise_ratio(fake, real, data_range=1.0).item(), abs=1e-5
    )
    whole = structural_similarity_index_measure(fake, real, data_range=1.0, return_full_image=True)[
        1
    ]
    theirs = (
        whole[..., 5:-5, 5:-5].flatten(1).mean(1)
    )  # newer versions average over the border as well
    assert ssim(fake, real).numpy() == pytest.approx(theirs.numpy(), abs=1e-6)


def test_ssim_is_not_scikit_images_default(fake, real):
    flat_7 = skmetrics.structural_similarity(
        to_last(fake)[0], to_last(real)[0], channel_axis=-1, data_range=1
    )
    assert abs(ssim(fake, real)[0].item() - flat_7) > 0.001


def test_ssim_of_two_flat_pictures_is_the_luminance_term():
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    found = ssim(flat((0.2,) * 3, size=12).double(), flat((0.6,) * 3, size=12).double())
    assert found.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("peak", [1, 2, 255])
@pytest.mark.parametrize("d", [0.25, 0.5])
def test_a_constant_offset_has_closed_forms(d, peak):
    fake, real = torch.full((2, 3, 5, 4), d * peak), torch.zeros(2, 3, 5, 4)
    assert mse(fake, real).tolist() == [(d * peak) ** 2] * 2
    assert l1(fake, real).tolist() == [d * peak] * 2
    assert psnr(mse(fake, real), peak).tolist() == pytest.approx([-20 * math.log10(d)] * 2)


def test_psnr_has_the_factor_10_that_paper_001_drops():
    """At MSE 100, bytes: 28.13 dB; equation 4 of the paper gives 46.13."""
    assert psnr(100, peak=255).item() == pytest.approx(20 * math.log10(255) - 10 * math.log10(100))
    assert psnr(100, peak=255).item() == pytest.approx(28.13, abs=0.005)
    assert abs(
        psnr(100, peak=255).item() - (20 * math.log10(255) - math.log10(100))
    ) == pytest.approx(18)


def test_a_wrong_peak_moves_psnr_by_6_db():
    assert (psnr(0.01, 2) - psnr(0.01, 1)).item() == pytest.approx(20 * math.log10(2))


def test_ciede2000_equals_scikit_image_and_the_published_pairs(fake, real):
    expected = skcolor.deltaE_ciede2000(
        skcolor.rgb2lab(to_last(fake)), skcolor.rgb2lab(to_last(real))
    )
    assert np.abs(ciede2000(rgb_to_lab(fake), rgb_to_lab(real)).numpy() - expected).max() < 0.01
    # pairs 1, 7, 17, 25 and 34 of Sharma, Wu and Dalal (2005), table 1
    first = [
        (50, 2.6772, -79.7751),
        (50, 0, 0),
        (50, 2.5, 0),
        (60.2574, -34.0099, 36.2677),
        (2.0776,) * 3,
    ]
    second = [
        (50, 0, -82.7485),
        (50, -1, 2),
        (73, 25, -18),
        (60.4626, -34.1751, 39.4387),
        (0.9033,) * 3,
    ]
    first[-1], second[-1] = (2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514)
    x, y = (torch.tensor(lab, dtype=torch.float64).view(5, 3, 1, 1) for lab in (first, second))
    assert ciede2000(x, y).flatten().tolist() == pytest.approx(
        [2.0425, 2.3669, 27.1492, 1.2644, 0.9082], abs=5e-5
    )


def numpy_colorfulness(rgb, absolute):
    red, green, blue = (rgb.double().numpy() * 255).reshape(3, -1)
    rg, yb = red - green, (red + green) / 2 - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def test_colorfulness_takes_signed_differences(real):
    found = colorfulness(real).tolist()
    assert found == pytest.approx([numpy_colorfulness(rgb, absolute=False) for rgb in real])
    lower = [numpy_colorfulness(rgb, absolute=True) for rgb in real]
    assert (
        max(a - b for a, b in zip(found, lower, strict=True)) > 5
    )  # the variant loses this much on one of the photos
    half_red_half_green = torch.cat([flat((0.5, 0.25, 0.25)), flat((0.25, 0.5, 0.25))], dim=3)
    # rg is +-63.75, yb 31.875: a spread of 63.75, a mean of 31.875; with abs(R - G) the spread would be 0
    assert colorfulness(half_red_half_green).item() == pytest.approx(63.75 + 0.3 * 31.875)


def test_colorfulness_does_not_change_with_size_or_order():
    picture = noise(1, 6, 8)
    twice = picture.repeat(1, 1, 2, 3).flip(-1)
    assert colorfulness(twice).item() == pytest.approx(colorfulness(picture).item())


# Protocols: spaces, peaks, averages


def test_the_scale_moves_psnr_on_ab_by_20_log10_of_its_ratio(fake, real):
    moved = psnr_metric("net_ab", 2, LabScaler(128))(fake, real) - psnr_metric(
        "net_ab", 2, LabScaler(110)
    )(fake, real)
    assert moved == pytest.approx(20 * math.log10(128 / 110), abs=1e-5)
    assert moved == pytest.approx(1.316, abs=0.001)


def test_spaces_are_what_they_say(fake, real):
    (x, y), scale = (rgb_to_lab(fake).double(), rgb_to_lab(real).double()), LabScaler(100)
    by_hand = {
        "rgb": mse(fake, real),
        "net_rgb": 4 * mse(fake, real),
        "net_ab": mse(x[:, 1:], y[:, 1:]) / 100**2,
        "net_lab": (mse(x[:, :1], y[:, :1]) / 50**2 + 2 * mse(x[:, 1:], y[:, 1:]) / 100**2) / 3,
    }
    for space, expected in by_hand.items():
        assert mse_metric(space, scale)(fake, real) == pytest.approx(
            expected.mean().item(), rel=1e-5
        )
        found = psnr_metric(space, 2, scale)(fake, real)
        assert found == pytest.approx(psnr(expected, 2).mean().item(), abs=1e-4)
        assert found == pytest.approx(psnr_metric(space, peak=2, scale=scale)(real, fake), abs=1e-9)
    assert l1_metric("net_rgb")(fake, real) == pytest.approx(2 * l1(fake, real).mean().item())
    ab = l1(x[:, 1:], y[:, 1:]).mean().item() / 100
    lightness = l1(x[:, :1], y[:, :1]).mean().item() / 50
    assert l1_metric("net_lab", scale)(fake, real) == pytest.approx(
        (2 * ab + lightness) / 3, rel=1e-5
    )


def test_psnr_on_rgb_is_the_same_in_both_ranges(fake, real):
    assert psnr_metric("net_rgb", 2)(fake, real) == pytest.approx(
        psnr_metric("rgb", 1)(fake, real), abs=1e-9
    )


def test_pooled_and_per_picture_psnr_differ_by_jensens_gap():
    real = torch.full((2, 3, 4, 4), 0.5, dtype=torch.float64)
    fake = real + torch.tensor([0.1, 0.01], dtype=torch.float64).view(2, 1, 1, 1)
    single, pooled = (
        psnr_metric("rgb", 1)(fake, real),
        psnr_metric("rgb", 1, pooled=True)(fake, real),
    )
    assert single == pytest.approx(30)  # of 20 and 40 dB
    assert pooled == pytest.approx(-10 * math.log10((0.1**2 + 0.01**2) / 2))
    assert (
        single - pooled == pytest.approx(7.033, abs=0.001)
        and pytest.approx(7.033, abs=0.001) == JENSEN
    )


def test_pooling_weighs_pixels_and_the_mean_weighs_pictures():
    metrics = {
        "single": psnr_metric("rgb", 1),
        "pooled": psnr_metric("rgb", 1, pooled=True),
        "mse": mse_metric(),
    }
    evaluation = MetricCollection(metrics)
    for d, size in ((0.1, 2), (0.01, 4)):
        real = torch.full((1, 3, size, size), 0.5, dtype=torch.float64)
        evaluation.update(real + d, real)
    found = evaluation.result()
    assert found["single"] == pytest.approx(30)
    assert found["mse"] == pytest.approx((0.1**2 + 0.01**2) / 2)
    assert found["pooled"] == pytest.approx(-10 * math.log10((4 * 0.1**2 + 16 * 0.01**2) / 20))


def test_identical_pictures_have_infinite_psnr_and_one_of_them_makes_the_mean_so():
    real = noise(2, 12, 12)
    assert (
        psnr_metric("rgb", 1)(real, real)
        == psnr_metric("rgb", 1, pooled=True)(real, real)
        == math.inf
    )
    fake = torch.cat([real[:1], (real[1:] + 0.1).clamp(max=1)])
    assert psnr_metric("rgb", 1)(fake, real) == math.inf
    assert math.isfinite(psnr_metric("rgb", 1, pooled=True)(fake, real))


def test_paper_002s_metric_is_psnr_on_ab_with_peak_2_per_picture(fake, real):
    metrics = paper_002_metrics(LabScaler(128))
    x, y = (rgb_to_lab(rgb)[:, 1:] / 128 for rgb in (fake, real))
    assert metrics["paper_002_mse"](fake, real) == pytest.approx(mse(x, y).mean().item(), rel=1e-5)
    assert metrics["paper_002_psnr"](fake, real) == pytest.approx(
        psnr(mse(x, y), 2).mean().item(), abs=1e-4
    )
    assert (
        "ab / 128" in metrics["paper_002_psnr"].protocol
        and "peak 2" in metrics["paper_002_psnr"].protocol
    )
    rgb = paper_002_metrics(LabScaler(128, "rgb"))["paper_002_psnr"]
    assert rgb(fake, real) == pytest.approx(psnr_metric("rgb", 1)(fake, real), abs=1e-9)
    assert "RGB in [-1, 1]" in rgb.protocol


def test_paper_002s_table_fits_peak_2_and_jensen():
    """Each PSNR of Table 1 lies 1.14 to 1.45 dB above that of its MSE with peak 2; peak 1 is 7 dB away."""
    table = [
        (0.0120, 26.443),
        (0.0121, 26.630),
        (0.0107, 26.870),
        (0.0108, 26.872),
        (0.0289, 22.59),
    ]
    gaps = [decibels - psnr(error, 2).item() for error, decibels in [*table, (0.0237, 23.725)]]
    assert min(gaps) > 1.13 and max(gaps) < 1.46


def test_every_protocol_says_what_it_needs():
    words = {name: metric.protocol for name, metric in default_metrics(LabScaler(128)).items()}
    assert len(set(words.values())) == len(words)
    assert all("picture" in said and "\n" not in said for said in words.values())
    assert all("peak" in said and "dB" in said for name, said in words.items() if "psnr" in name)
    assert {name for name, said in words.items() if "128" in said} == {
        "paper_002_mse",
        "paper_002_psnr",
        "paper_003_l1",
    }


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
    found = hue_error()(flat((0.5, 0.5, 0.5)), flat(rgb))
    assert {name for name in (*HUES, "gray") if found[f"{name}_pixels"]} == {hue}
    expected = ciede2000(rgb_to_lab(flat((0.5, 0.5, 0.5))), rgb_to_lab(flat(rgb))).item()
    assert found[hue] == pytest.approx(expected)
    assert all(math.isnan(found[name]) for name in (*HUES, "gray") if name != hue)


def test_errors_go_to_the_hue_of_the_truth():
    real = lab_picture((60, 30, 20), (60, 30, 20), (60, -30, 30), (60, 9, 0), (60, 11, 0))
    fake = lab_picture((60, 30, 20), (60, 0, 0), (60, -30, 30), (60, 40, 0), (60, 11, 0))
    found, errors = hue_error()(fake, real), ciede2000(rgb_to_lab(fake), rgb_to_lab(real))[0, 0]
    assert found["red"] == pytest.approx(errors[:2].mean().item()) and found["red_pixels"] == 2
    assert found["green"] == pytest.approx(0, abs=1e-6) and found["green_pixels"] == 1
    assert (
        found["gray"] == pytest.approx(errors[3].item()) and found["gray_pixels"] == 1
    )  # chroma 9
    assert found["pink_pixels"] == 1  # chroma 11, and an angle of 0, before the first hue begins
    assert math.isnan(found["blue"]) and found["blue_pixels"] == 0


def test_settings_of_hues():
    picture = lab_picture((60, 9, 1), (60, 1, 9))
    assert hue_error(above=5)(picture, picture)["gray_pixels"] == 0
    halves = hue_error(above=5, hues={"right": 0, "up": 45})(picture, picture)
    assert (halves["right_pixels"], halves["up_pixels"]) == (1, 1)
    assert "up from 45" in hue_error(hues={"right": 0, "up": 45}).protocol


def test_hues_and_gray_together_are_the_mean_ciede2000(numbers):
    names = [*HUES, "gray"]
    pixels = np.array([numbers[f"hue_{name}_pixels"] for name in names])
    errors = np.array([numbers[f"hue_{name}"] for name in names])
    assert pixels.sum() == len(sample_photos("all")) * 96 * 96
    assert np.nansum(errors * pixels) / pixels.sum() == pytest.approx(numbers["ciede2000"])


# Colour, and no colour


def test_ratios_of_half_the_chroma():
    real = lab_picture((60, 20, 10), (60, -20, 20), (50, 0, -30))
    lab = rgb_to_lab(real)
    fake = lab_to_rgb(lab * torch.tensor([1, 0.5, 0.5]).view(1, 3, 1, 1))
    metrics = default_metrics()
    assert metrics["chroma_ratio"](fake, real) == pytest.approx(0.5, abs=1e-3)
    assert 0.4 < metrics["colorfulness_ratio"](fake, real) < 0.6
    assert metrics["colorfulness"](fake, real) == pytest.approx(colorfulness(fake).item())
    assert chroma(lab).flatten().tolist() == pytest.approx([500**0.5, 800**0.5, 30], abs=1e-2)


def test_ratios_where_the_truth_is_gray():
    gray, red = flat((0.5, 0.5, 0.5), size=4), flat((1, 0, 0), size=4)
    metrics = default_metrics()
    assert metrics["colorfulness_ratio"](red, gray) == math.inf
    assert math.isnan(metrics["colorfulness_ratio"](gray, gray))
    assert metrics["chroma_ratio"](gray, gray) == pytest.approx(1)
    assert metrics["chroma_ratio"](red, gray) > 1000


def test_the_gray_baseline_keeps_lightness_and_has_no_color(real):
    gray = gray_baseline(real)
    assert gray.dtype == torch.float32 and gray.shape == real.shape
    lab = rgb_to_lab(gray)
    assert (lab[:, :1] - rgb_to_lab(real)[:, :1]).abs().max() < 0.05
    assert chroma(lab).max() < 0.05
    assert (gray_baseline(gray) - gray).abs().max() < 1e-3
    found = score_batch(gray, real)
    assert found["chroma_ratio"] < 0.001 and found["colorfulness_ratio"] < 0.002
    # on ab, no colour at all scores the mean square chroma of the truth
    expected = (
        psnr((chroma(rgb_to_lab(real)) / 110).square().flatten(1).mean(1) / 2, 2).mean().item()
    )
    assert found["paper_002_psnr"] == pytest.approx(expected, abs=0.02)


# Batches


@settings(deadline=None, max_examples=8, derandomize=True)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 99))
def test_batches_of_any_size_give_what_one_gives(sizes, seed):
    fake, real = noise(sum(sizes), 11, 12, seed), noise(sum(sizes), 11, 12, seed + 100)
    evaluation = MetricCollection()
    for x, y in zip(fake.split(sizes), real.split(sizes), strict=True):
        evaluation.update(x, y)
    assert evaluation.pictures == sum(sizes)
    assert evaluation.result() == pytest.approx(score_batch(fake, real), rel=1e-4, nan_ok=True)
    for name, metric in evaluation.metrics.items():
        if name != "hue":
            assert metric(fake, real) == pytest.approx(evaluation.result()[name], rel=1e-6)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(st.integers(0, 99))
def test_identity_symmetry_and_order(seed):
    fake, real = noise(2, 11, 11, seed), noise(2, 11, 11, seed + 100)
    same, there, back = score_batch(real, real), score_batch(fake, real), score_batch(real, fake)
    for name in ("mse", "l1", "ciede2000", "paper_002_mse", "paper_003_l1"):
        assert same[name] == 0 < there[name]
    assert same["psnr"] == same["psnr_pooled"] == same["paper_002_psnr"] == math.inf
    for name in ("ssim", "colorfulness_ratio", "chroma_ratio"):
        assert same[name] == pytest.approx(1)
    for name in set(default_metrics()) - {
        "hue",
        "colorfulness",
        "colorfulness_ratio",
        "chroma_ratio",
    }:
        assert there[name] == pytest.approx(back[name], rel=1e-6)
    assert there["chroma_ratio"] == pytest.approx(1 / back["chroma_ratio"])
    assert there["psnr"] >= there["psnr_pooled"] - 1e-9  # Jensen
    assert score_batch(fake.flip(0), real.flip(0)) == pytest.approx(there, rel=1e-4, nan_ok=True)


def test_single_pixels_and_flat_pictures_have_every_number_but_ssim():
    metrics = {name: metric for name, metric in default_metrics().items() if name != "ssim"}
    for size in (1, 5):
        evaluation = MetricCollection(metrics)
        evaluation.update(flat((0.6, 0.5, 0.5), size=size), flat((0.5, 0.6, 0.5), size=size))
        found = evaluation.result()
        assert all(math.isfinite(v) for name, v in found.items() if not name.startswith("hue_"))
        assert found["mse"] == pytest.approx(0.02 / 3, rel=1e-5)


def test_an_evaluation_prints_every_number_with_its_protocol(fake, real):
    evaluation = MetricCollection(default_metrics(LabScaler(128)))
    evaluation.update(fake[:4], real[:4])
    evaluation.update(fake[4:], real[4:])
    lines = str(evaluation).splitlines()
    assert lines[0] == "pictures: 6, as given: not resized, cropped or rounded"
    for name in evaluation.result():
        assert any(line.startswith(name) for line in lines)
    for said in evaluation.protocols.values():
        assert any(line.endswith(said) for line in lines)
    assert json.loads(json.dumps(evaluation.result())).keys() == evaluation.result().keys()


def test_a_batch_that_is_refused_changes_nothing():
    evaluation = MetricCollection()
    evaluation.update(noise(1, 12, 12), noise(1, 12, 12, seed=1))
    before = evaluation.result()
    with pytest.raises(ValueError, match="SSIM expected at least 11x11"):
        evaluation.update(noise(1, 5, 12), noise(1, 5, 12))
    assert evaluation.result() == pytest.approx(before, nan_ok=True) and evaluation.pictures == 1


def test_an_evaluation_holds_numbers_not_pictures_and_none_is_shared():
    metrics = {"mse": mse_metric()}
    first, second = MetricCollection(metrics), MetricCollection(metrics)
    first.update(noise(1, 4, 4), noise(1, 4, 4, seed=1))
    with pytest.raises(ValueError, match=r"holds no picture; expected at least one: call update"):
        second.result()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_and_gradients_and_autocast_do_not_matter(dtype):
    fake, real = (noise(2, 11, 11, seed).to(dtype) for seed in (1, 2))
    plain = score_batch(fake.double(), real.double())
    assert score_batch(fake.requires_grad_(), real) == pytest.approx(plain, nan_ok=True)
    with torch.autocast("cpu", torch.bfloat16):
        assert score_batch(fake, real) == pytest.approx(plain, nan_ok=True)


# What is refused

GOOD = torch.full((1, 3, 12, 12), 0.5)


@pytest.mark.parametrize(
    ("fake", "real", "error", "words"),
    [
        (
            GOOD,
            GOOD[:, :, :11],
            ValueError,
            r"\(1, 3, 12, 12\) and real \(1, 3, 11, 12\); expected the same",
        ),
        (GOOD, GOOD.expand(2, 3, 12, 12), ValueError, "expected the same"),
        (GOOD[0], GOOD[0], ValueError, r"fake has shape \(3, 12, 12\).* add a batch dimension"),
        (GOOD[:, :2], GOOD[:, :2], ValueError, r"fake has shape \(1, 2, 12, 12\)"),
        (GOOD.numpy(), GOOD, TypeError, "fake is a ndarray"),
        (GOOD, (GOOD * 255).to(torch.uint8), TypeError, "real has dtype torch.uint8"),
        (
            GOOD * 255,
            GOOD,
            ValueError,
            r"fake runs from 128 to 128; expected \[0, 1\]: divide by 255",
        ),
        (GOOD, GOOD - 1, ValueError, r"real runs from -0.5 to -0.5; expected \[0, 1\]"),
        (
            GOOD * math.nan,
            GOOD,
            ValueError,
            r"fake runs from nan to nan; .*has the network diverged",
        ),
        (GOOD, GOOD * math.inf, ValueError, "real runs from inf to inf"),
        (GOOD[:0], GOOD[:0], ValueError, r"\(0, 3, 12, 12\); expected at least one value"),
        (
            GOOD[..., :10],
            GOOD[..., :10],
            ValueError,
            "12x10; SSIM expected at least 11x11: leave SSIM out",
        ),
    ],
)
def test_bad_pictures_are_refused_in_one_sentence(fake, real, error, words):
    with pytest.raises(error, match=words) as caught:
        score_batch(fake, real)
    assert "\n" not in str(caught.value)


def test_one_nan_among_the_pixels_is_enough():
    fake = GOOD.clone()
    fake[0, 1, 3, 3] = math.nan
    with pytest.raises(ValueError, match="diverged"):
        score_batch(fake, GOOD)
    assert math.isnan(mse(fake, GOOD).item())  # the plain functions let it through


@pytest.mark.parametrize("peak", [0, -1, math.inf, math.nan])
def test_a_peak_is_positive(peak):
    with pytest.raises(ValueError, match="expected a (positive )?number"):
        psnr_metric("rgb", peak)


@pytest.mark.parametrize("make", [mse_metric, l1_metric, lambda space: psnr_metric(space, 2)])
def test_a_space_that_there_is_not_is_refused(make):
    with pytest.raises(
        ValueError, match="space is 'ab'; expected 'rgb', 'net_rgb', 'net_ab' or 'net_lab'"
    ):
        make("ab")


@pytest.mark.parametrize("function", [mse, l1, ssim, ciede2000])
def test_plain_functions_never_broadcast(function):
    with pytest.raises(ValueError, match="expected the same"):
        function(GOOD, GOOD.expand(2, 3, 12, 12))


@pytest.mark.parametrize("name", sorted(default_metrics()))
def test_no_metric_takes_different_shapes(name):
    with pytest.raises(ValueError, match="expected the same: resize or crop one"):
        default_metrics()[name](GOOD, GOOD.expand(2, 3, 12, 12))


# differences ------------------------------------------------------------------------------------------------
def test_the_bootstrap_is_that_of_scipy_over_the_photos_means():
    from scipy import stats

    gains, photo = (
        torch.randn(60, generator=torch.Generator().manual_seed(1)),
        torch.arange(60) % 12,
    )
    draws = torch.randint(12, (20_000, 12), generator=torch.Generator().manual_seed(2))
    low, mean, high = mean_gain_interval(gains, photo, draws).tolist()
    means = np.array([gains[photo == p].mean() for p in range(12)])
    theirs = stats.bootstrap(
        (means,), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    assert mean == pytest.approx(means.mean(), abs=1e-6)
    assert (low, high) == (
        pytest.approx(theirs.low, abs=0.01),
        pytest.approx(theirs.high, abs=0.01),
    )


def test_pictures_of_one_photo_come_and_go_together():
    photo, draws = (
        torch.tensor([0, 1]),
        torch.randint(2, (500, 2), generator=torch.Generator().manual_seed(0)),
    )
    once = mean_gain_interval(torch.tensor([1.0, 3.0]), photo, draws)
    often = mean_gain_interval(torch.tensor([1.0, 3.0]).repeat(50), photo.repeat(50), draws)
    assert torch.allclose(once, often)
    with pytest.raises(ValueError, match="a photo has no picture"):
        mean_gain_interval(torch.zeros(2), torch.tensor([0, 2]), draws)
