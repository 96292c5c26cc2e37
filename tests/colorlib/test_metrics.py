"""Metric functions against scikit-image, torchmetrics, published values and closed forms."""

import math

import numpy as np
import pytest
import torch
from image_batches import flat_images, lab_image, photos_and_faded_copies, random_images
from skimage import color as skcolor
from skimage import metrics as skmetrics

from colorlib.color import rgb_to_lab
from colorlib.evaluation.collection import score_batch
from colorlib.evaluation.metric import psnr_metric
from colorlib.metrics import chroma, ciede2000, colorfulness, gray_baseline, l1, mse, psnr, ssim

WANG_2004 = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 1,
    "channel_axis": -1,
}
PHOTOS, FADED = photos_and_faded_copies()
PAIRS = {
    "noise": (random_images(3, 20, 31, seed=1), random_images(3, 20, 31, seed=2)),
    "photos": (FADED, PHOTOS),
}
EACH_PAIR = pytest.mark.parametrize(("fake", "real"), PAIRS.values(), ids=PAIRS)


def to_channels_last(x):
    return x.movedim(1, -1).double().numpy()


@EACH_PAIR
def test_psnr_and_ssim_equal_scikit_image(fake, real):
    arrays = zip(to_channels_last(fake), to_channels_last(real), strict=True)
    for (x, y), error, similarity in zip(arrays, mse(fake, real), ssim(fake, real), strict=True):
        expected = skmetrics.peak_signal_noise_ratio(y, x, data_range=1)
        assert psnr(error, 1).item() == pytest.approx(expected)
        expected = skmetrics.structural_similarity(x, y, **WANG_2004)
        assert similarity.item() == pytest.approx(expected, abs=1e-12)


@EACH_PAIR
def test_psnr_and_ssim_equal_torchmetrics(fake, real):
    from torchmetrics.functional import image  # it takes seconds, in each process that collects

    fake, real = fake.double(), real.double()
    each = image.peak_signal_noise_ratio(
        fake, real, data_range=1.0, reduction="none", dim=(1, 2, 3)
    )
    assert psnr(mse(fake, real), 1).numpy() == pytest.approx(each.numpy(), abs=1e-5)
    pooled = image.peak_signal_noise_ratio(fake, real, data_range=1.0).item()
    found = psnr_metric("rgb", peak=1, pooled=True)(fake, real)
    assert found == pytest.approx(pooled, abs=1e-5)
    _, maps = image.structural_similarity_index_measure(
        fake, real, data_range=1.0, return_full_image=True
    )
    inner = maps[..., 5:-5, 5:-5].flatten(1).mean(1)  # newer versions average over the border too
    assert ssim(fake, real).numpy() == pytest.approx(inner.numpy(), abs=1e-6)


def test_ssim_is_not_scikit_images_default():
    x, y = to_channels_last(FADED)[0], to_channels_last(PHOTOS)[0]
    flat_7 = skmetrics.structural_similarity(x, y, channel_axis=-1, data_range=1)
    assert abs(ssim(FADED, PHOTOS)[0].item() - flat_7) > 0.001


def test_ssim_of_flat_images_is_the_luminance_term():
    dark, light = (flat_images((value,) * 3, size=12).double() for value in (0.2, 0.6))
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert ssim(dark, light).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("peak", [1, 2, 255])
@pytest.mark.parametrize("d", [0.25, 0.5])
def test_constant_offset_has_closed_forms(d, peak):
    fake, real = torch.full((2, 3, 5, 4), d * peak), torch.zeros(2, 3, 5, 4)
    assert mse(fake, real).tolist() == [(d * peak) ** 2] * 2
    assert l1(fake, real).tolist() == [d * peak] * 2
    assert psnr(mse(fake, real), peak).tolist() == pytest.approx([-20 * math.log10(d)] * 2)


def test_psnr_has_the_factor_10_that_paper_001_drops():
    """At MSE 100 on bytes: 28.13 dB; equation 4 of the paper gives 46.13."""
    found = psnr(100, peak=255).item()
    assert found == pytest.approx(28.13, abs=0.005)
    assert abs(found - (20 * math.log10(255) - math.log10(100))) == pytest.approx(18)


def test_psnr_with_twice_the_peak_is_6_db_higher():
    assert (psnr(0.01, 2) - psnr(0.01, 1)).item() == pytest.approx(20 * math.log10(2))


def test_ciede2000_equals_scikit_image():
    labs = (skcolor.rgb2lab(to_channels_last(rgb)) for rgb in (FADED, PHOTOS))
    expected = skcolor.deltaE_ciede2000(*labs)
    found = ciede2000(rgb_to_lab(FADED), rgb_to_lab(PHOTOS)).numpy()
    assert np.abs(found - expected).max() < 0.01


@pytest.mark.parametrize(
    ("fake", "real", "expected"),
    [  # pairs 1, 7, 17, 25 and 34 of Sharma, Wu and Dalal (2005), table 1
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_equals_the_published_pairs(fake, real, expected):
    fake, real = (torch.tensor(lab, dtype=torch.float64).view(1, 3, 1, 1) for lab in (fake, real))
    assert ciede2000(fake, real).item() == pytest.approx(expected, abs=5e-5)


def numpy_colorfulness(rgb, absolute):
    red, green, blue = (rgb.double().numpy() * 255).reshape(3, -1)
    rg, yb = red - green, (red + green) / 2 - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def test_colorfulness_takes_signed_differences():
    found = colorfulness(PHOTOS).tolist()
    assert found == pytest.approx([numpy_colorfulness(rgb, absolute=False) for rgb in PHOTOS])
    unsigned = [numpy_colorfulness(rgb, absolute=True) for rgb in PHOTOS]
    assert max(a - b for a, b in zip(found, unsigned, strict=True)) > 5
    halves = torch.cat([flat_images((0.5, 0.25, 0.25)), flat_images((0.25, 0.5, 0.25))], dim=3)
    # rg is ±63.75 and yb 31.875: a spread of 63.75, a mean of 31.875; abs(R - G) has no spread
    assert colorfulness(halves).item() == pytest.approx(63.75 + 0.3 * 31.875)


def test_colorfulness_is_independent_of_size_and_order():
    image = random_images(1, 6, 8)
    tiled = image.repeat(1, 1, 2, 3).flip(-1)
    assert colorfulness(tiled).item() == pytest.approx(colorfulness(image).item())


def test_chroma_is_the_length_of_ab():
    lab = rgb_to_lab(lab_image((60, 20, 10), (60, -20, 20), (50, 0, -30)))
    assert chroma(lab).flatten().tolist() == pytest.approx([500**0.5, 800**0.5, 30], abs=1e-2)


def test_gray_baseline_keeps_lightness_and_has_no_color():
    gray = gray_baseline(PHOTOS)
    assert gray.dtype == torch.float32 and gray.shape == PHOTOS.shape
    lab, true_lab = rgb_to_lab(gray), rgb_to_lab(PHOTOS)
    assert (lab[:, :1] - true_lab[:, :1]).abs().max() < 0.05
    assert chroma(lab).max() < 0.05
    assert (gray_baseline(gray) - gray).abs().max() < 1e-3
    numbers = score_batch(gray, PHOTOS)
    assert numbers["chroma_ratio"] < 0.001 and numbers["colorfulness_ratio"] < 0.002
    # on ab, the error of gray is the mean square chroma of the truth
    mean_square = (chroma(true_lab) / 110).square().flatten(1).mean(1) / 2
    assert numbers["paper_002_psnr"] == pytest.approx(psnr(mean_square, 2).mean().item(), abs=0.02)


def test_paper_002_table_fits_peak_2_and_jensen():
    """Each PSNR of Table 1 is 1.14 to 1.45 dB above that of its MSE with peak 2."""
    table = [
        (0.0120, 26.443),
        (0.0121, 26.630),
        (0.0107, 26.870),
        (0.0108, 26.872),
        (0.0289, 22.59),
        (0.0237, 23.725),
    ]
    gaps = [decibels - psnr(error, 2).item() for error, decibels in table]
    assert min(gaps) > 1.13 and max(gaps) < 1.46


def test_nan_passes_through():
    fake = torch.full((1, 3, 12, 12), 0.5)
    fake[0, 1, 3, 3] = math.nan
    assert math.isnan(mse(fake, torch.zeros_like(fake)).item())


@pytest.mark.parametrize("function", [mse, l1, ssim, ciede2000])
def test_shapes_are_never_broadcast(function):
    image = torch.full((1, 3, 12, 12), 0.5)
    with pytest.raises(ValueError, match="expected the same"):
        function(image, image.expand(2, 3, 12, 12))


WRONG_RANGES = {
    "bytes": lambda rgb: (255 * rgb).round().to(torch.uint8),
    "0..255": lambda rgb: 255 * rgb,
    "-1..1": lambda rgb: 2 * rgb - 1,
}


@pytest.mark.parametrize("change", WRONG_RANGES.values(), ids=WRONG_RANGES)
@pytest.mark.parametrize("function", [ssim, colorfulness, gray_baseline], ids=lambda f: f.__name__)
def test_metrics_of_rgb_refuse_other_ranges(function, change):
    """Their constants belong to [0, 1]: with other values the number would be wrong in silence."""
    wrong = change(PHOTOS)
    images = (wrong, wrong) if function is ssim else (wrong,)
    with pytest.raises((TypeError, ValueError), match="expected"):
        function(*images)
    if function is ssim:  # one of the two is enough
        with pytest.raises((TypeError, ValueError), match="expected"):
            function(PHOTOS, wrong)


@pytest.mark.parametrize("function", [ciede2000, chroma], ids=lambda f: f.__name__)
def test_metrics_of_lab_refuse_other_ranges(function):
    lab = rgb_to_lab(PHOTOS)
    for wrong in (lab / 110 * 2 - 1, 2.55 * lab, lab.round().to(torch.int16)):
        with pytest.raises((TypeError, ValueError), match="expected"):
            function(*((wrong, lab) if function is ciede2000 else (wrong,)))


def test_values_that_rounding_brings_out_of_range_pass():
    rgb = PHOTOS.clamp(0, 1)
    rgb[0, 0, 0, :2] = torch.tensor([1.005, -0.005])
    assert ssim(rgb, rgb).isfinite().all() and colorfulness(rgb).isfinite().all()
