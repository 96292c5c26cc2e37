"""Losses, metrics and conversions of degenerate images: a correct number or a clear error."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib import cie, color, metrics
from colorlib.evaluation.statistics import mean_gain_interval
from colorlib.losses import GANLoss, generator_loss, reconstruction_loss

SCALER = color.LabScaler()


def ciede2000(fake, real):
    return metrics.ciede2000(color.rgb_to_lab(fake), color.rgb_to_lab(real))


#: Everything that turns two batches (n, 3, h, w) of RGB into numbers.
PAIRS = {
    "mse": metrics.mse,
    "l1": metrics.l1,
    "psnr": lambda fake, real: metrics.psnr(metrics.mse(fake, real), 1),
    "ssim": metrics.ssim,
    "ciede2000": ciede2000,
    "colorfulness": lambda fake, real: metrics.colorfulness(fake),
    "chroma": lambda fake, real: metrics.chroma(color.rgb_to_lab(fake)),
    "generator": lambda fake, real: generator_loss(fake[:, :1], real, fake).total,
}
for kind in ("l1", "l2", "psnr"):
    PAIRS[f"loss {kind}"] = lambda fake, real, kind=kind: reconstruction_loss(real, fake, kind)
for mode in ("vanilla", "lsgan"):
    gan = GANLoss(mode)
    PAIRS[f"{mode} real"] = lambda fake, real, gan=gan: gan.discriminator_loss(real, fake)[0]
    PAIRS[f"{mode} fake"] = lambda fake, real, gan=gan: gan.discriminator_loss(real, fake)[1]
    PAIRS[f"{mode} generator"] = lambda fake, real, gan=gan: gan.generator_loss(fake)
#: Colour conversions, which compute each pixel from itself.
CONVERSIONS = {
    "rgb_to_lab": color.rgb_to_lab,
    "lab_to_rgb": lambda x: color.lab_to_rgb(100 * x),
    "clip": lambda x: color.lab_to_rgb(100 * x, "clip"),
    "reduce_chroma_to_gamut": lambda x: color.reduce_chroma_to_gamut(100 * x),
    "quantize_lightness": color.quantize_lightness,
    "srgb_to_linear": cie.srgb_to_linear,
    "linear_to_srgb": cie.linear_to_srgb,
    "linear_to_xyz": cie.linear_to_xyz,
    "xyz_to_linear": cie.xyz_to_linear,
    "xyz_to_lab": cie.xyz_to_lab,
    "lab_to_xyz": lambda x: cie.lab_to_xyz(100 * x),
    "normalize": lambda x: torch.cat(SCALER.normalize(100 * x), dim=1),
    "denormalize": lambda x: SCALER.denormalize(x[:, :1], x[:, 1:]),
}


def noise(n=2, h=16, w=12, seed=0):
    return torch.rand(n, 3, h, w, generator=torch.Generator().manual_seed(seed))


def get_error(function, *args):
    """Return the sentence with which a call is refused."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args)
    message = str(caught.value)
    assert "\n" not in message and "expected" in message
    return message


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("values", [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0), (1.0, 0.0)])
def test_metric_of_constant_images_is_a_number(name, values, record_trials):
    fake, real = (torch.full((2, 3, 12, 12), value) for value in values)
    result, are_equal = PAIRS[name](fake, real), values[0] == values[1]
    assert not result.isnan().any()
    assert (result == math.inf).any() == (name == "psnr" and are_equal)
    errors = ("mse", "l1", "ciede2000", "loss l1", "loss l2")
    if name == "colorfulness" or (are_equal and name in errors):
        assert (result == 0).all()
    record_trials("constant images", 1)


@pytest.mark.parametrize("name", PAIRS)
def test_metric_of_one_pixel_is_a_number(name, record_trials):
    fake, real = noise(1, 1, 1), noise(1, 1, 1, seed=1)
    if name == "ssim":
        assert "1x1; SSIM expected at least 11x11" in get_error(metrics.ssim, fake, real)
    else:
        assert PAIRS[name](fake, real).isfinite().all()
    record_trials("images of one pixel", 1)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shape", [(0, 3, 12, 12), (2, 3, 0, 12), (2, 3, 12, 0)])
def test_metric_of_empty_images_raises(name, shape, record_trials):
    empty = torch.zeros(shape)
    if name == "chroma":  # a number for each pixel, of which there are none
        assert PAIRS[name](empty, empty).shape == (shape[0], *shape[2:])
    else:
        message = get_error(PAIRS[name], empty, empty)
        assert re.search(r"has shape \(.*\b0\b.*\); expected at least one value: add", message)
    record_trials("empty images", 1)


# A logit of plus infinity costs the generator nothing: the discriminator is certain of "real".
FINITE_WITH = {("vanilla generator", math.inf)}
FINITE_WITH |= {("vanilla fake", -math.inf)}  # certain of "fake", and right


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_metric_never_hides_nan_or_infinity(name, bad, record_trials):
    fake, real = noise(), noise(seed=1)
    fake[1, 0, 3, 3] = bad
    checks_range = name in ("ciede2000", "chroma", "ssim", "colorfulness")
    if checks_range and not math.isnan(bad):
        assert re.search(
            r"(rgb|fake) runs from .*; expected \[0, 1\]", get_error(PAIRS[name], fake, real)
        )
    else:
        result = PAIRS[name](fake, real)
        if not name.endswith(" real") and (name, bad) not in FINITE_WITH:
            assert not result.isfinite().all()
        assert result.ndim == 0 or result[0].isfinite().all()  # the other image
    record_trials("NaN and infinity among the values", 1)


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversion_keeps_nan_in_its_pixel(name, record_trials):
    values = noise()
    expected = CONVERSIONS[name](values)
    values[1, :, 3, 4] = math.nan
    result = CONVERSIONS[name](values)
    assert result[1, :, 3, 4].isnan().all()
    result[1, :, 3, 4] = expected[1, :, 3, 4]
    assert torch.equal(result, expected)
    record_trials("NaN and infinity among the values", 1)


LAYOUTS = {
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "every second value": lambda x: x.repeat_interleave(2, dim=3)[..., ::2],
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "window": lambda x: torch.nn.functional.pad(x, (3, 2, 1, 4))[..., 1:-4, 3:-2],
    "shared": lambda x: torch.stack([x, x])[1],
    "expanded": lambda x: x[:1].expand(2, -1, -1, -1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_metric_does_not_depend_on_memory_layout(layout, record_trials):
    fake, real = (LAYOUTS[layout](noise(seed=seed)) for seed in (0, 1))
    for name, function in PAIRS.items():
        expected = function(fake.clone().contiguous(), real.clone().contiguous())
        assert torch.allclose(function(fake, real), expected, rtol=1e-5, atol=1e-6), name
    for name, function in CONVERSIONS.items():
        expected = function(fake.clone().contiguous())
        assert torch.allclose(function(fake), expected, rtol=1e-5, atol=1e-5), name
    record_trials("memory layout", len(PAIRS) + len(CONVERSIONS))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", PAIRS)
def test_metric_of_other_float_types_is_the_same(name, dtype, record_trials):
    fake, real = (noise(seed=seed).to(dtype) for seed in (0, 1))
    expected = PAIRS[name](fake.float(), real.float())
    assert torch.allclose(PAIRS[name](fake, real).float(), expected.float(), rtol=1e-5, atol=1e-5)
    record_trials("other data type", 1)


def test_metric_of_bytes_is_exact_or_raises(record_trials):
    fake, real = (color.to_uint8(noise(seed=seed)) for seed in (0, 1))
    doubles = fake.double(), real.double()
    assert torch.equal(metrics.mse(fake, real), metrics.mse(*doubles))
    floats = real.float(), fake.float()
    assert torch.equal(reconstruction_loss(real, fake), reconstruction_loss(*floats))
    for function in (metrics.mse, metrics.l1, metrics.ssim, reconstruction_loss):
        message = get_error(function, fake, real / 255)
        assert "expected one kind: divide bytes by 255" in message
    functions = [metrics.colorfulness, metrics.gray_baseline, metrics.chroma, color.lab_to_rgb]
    for function in functions:
        assert "dtype torch.uint8; expected floating point" in get_error(function, fake)
    record_trials("other data type", 10)


def test_psnr_of_impossible_error_raises():
    assert "mse goes down to -0.1; expected 0 or more" in get_error(metrics.psnr, -0.1, 1)
    assert metrics.psnr(0, 1) == math.inf and metrics.psnr(math.inf, 1) == -math.inf
    assert metrics.psnr(torch.tensor(math.nan), 1).isnan()


def test_mean_gain_interval_of_wrong_shapes_raises():
    gains, photos = torch.rand(4), torch.arange(4)
    draws = torch.zeros(9, 3, dtype=torch.int64)
    message = get_error(mean_gain_interval, gains, photos[:3], draws)
    assert "shapes (4,), (3,), (9, 3); expected (n,), (n,) and (k, m)" in message
    assert "shapes (0,), (0,)" in get_error(mean_gain_interval, gains[:0], photos[:0], draws)


SIZES = st.integers(0, 13)
SHAPES = st.tuples(st.integers(0, 3), st.integers(0, 5), SIZES, SIZES)
DTYPES = [torch.float32, torch.float64, torch.uint8, torch.int64, torch.bool]


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.sampled_from(sorted(PAIRS)), SHAPES, st.sampled_from(DTYPES))
def test_metric_of_any_tensor_is_a_number_or_raises(name, shape, dtype):
    values = torch.rand(shape)
    if dtype != torch.float32:
        values = (values * 2).to(dtype)
    try:
        result = PAIRS[name](values, values)
    except (TypeError, ValueError) as error:
        assert "\n" not in str(error) and "expected" in str(error)
    else:
        assert not result.isnan().any() and (result.numel() or name == "chroma")
