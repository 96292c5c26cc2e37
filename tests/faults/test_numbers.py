"""Losses, metrics and colours on what is hardly a picture: a sensible number, or one sentence."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib import cie, color, metrics
from colorlib.evaluation.collection import default_metrics
from colorlib.evaluation.statistics import mean_gain_interval
from colorlib.losses import GANLoss, generator_loss, reconstruction_loss


def gan(kind, half):
    """A loss of two batches of logits."""
    made = GANLoss(kind)
    return (
        (lambda fake, real: made.discriminator_loss(real, fake)[half])
        if half < 2
        else lambda f, r: made.generator_loss(f)
    )


#: Everything that turns two batches (n, 3, h, w) of RGB into numbers, whatever the pictures are.
PAIRS = {
    "mse": metrics.mse,
    "l1": metrics.l1,
    "psnr": lambda fake, real: metrics.psnr(metrics.mse(fake, real), 1),
    "ssim": metrics.ssim,
    "ciede2000": lambda fake, real: metrics.ciede2000(
        color.rgb_to_lab(fake), color.rgb_to_lab(real)
    ),
    "colorfulness": lambda fake, real: metrics.colorfulness(fake),
    "chroma": lambda fake, real: metrics.chroma(color.rgb_to_lab(fake)),
    **{
        f"loss {kind}": lambda f, r, kind=kind: reconstruction_loss(r, f, kind)
        for kind in ("l1", "l2", "psnr")
    },
    **{f"{kind} {half}": gan(kind, half) for kind in ("vanilla", "lsgan") for half in (0, 1, 2)},
    "generator": lambda fake, real: generator_loss(fake[:, :1], real, fake).total,
}
#: Colour conversions, each of which must keep what is wrong with a pixel in that pixel.
PIXELS = {
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
    "split": lambda x: torch.cat(color.LabScaler().normalize(100 * x), dim=1),
    "join": lambda x: color.LabScaler().denormalize(x[:, :1], x[:, 1:]),
}


def noise(n=2, h=16, w=12, seed=0):
    return torch.rand(n, 3, h, w, generator=torch.Generator().manual_seed(seed))


def refused(call) -> str:
    """Give the sentence with which a call is refused."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and "expected" in text
    return text


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("values", [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0), (1.0, 0.0)])
def test_a_constant_picture_has_every_number(name, values, tried):
    fake, real = (torch.full((2, 3, 12, 12), value) for value in values)
    found = PAIRS[name](fake, real)
    assert not found.isnan().any()
    same = name in ("mse", "l1", "ciede2000", "loss l1", "loss l2") and values[0] == values[1]
    assert not same or (found == 0).all()
    assert (found == math.inf).any() == (name == "psnr" and values[0] == values[1])
    assert name != "colorfulness" or (found == 0).all()
    tried("pictures of one value", 1)


@pytest.mark.parametrize("name", PAIRS)
def test_a_single_pixel_has_every_number_but_ssim(name, tried):
    fake, real = noise(1, 1, 1), noise(1, 1, 1, seed=1)
    if name == "ssim":
        assert "1x1; SSIM expected at least 11x11" in refused(lambda: metrics.ssim(fake, real))
    else:
        assert PAIRS[name](fake, real).isfinite().all()
    tried("pictures of one pixel", 1)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shape", [(0, 3, 12, 12), (2, 3, 0, 12), (2, 3, 12, 0)])
def test_nothing_has_no_number_and_says_so(name, shape, tried):
    empty = torch.zeros(shape)
    if name == "chroma":  # a number for each pixel: none
        assert PAIRS[name](empty, empty).shape == (shape[0], *shape[2:])
    else:
        said = refused(lambda: PAIRS[name](empty, empty))
        assert re.search(r"has shape \(.*\b0\b.*\); expected at least one value: add some", said)
    tried("empty pictures", 1)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_no_number_is_never_lost_on_the_way(name, bad, tried):
    """A mean that swallowed it would be a number without meaning."""
    fake, real = noise(), noise(seed=1)
    fake[1, 0, 3, 3] = bad
    ranged = name in ("ciede2000", "chroma")  # through rgb_to_lab, which looks at the range
    if ranged and not math.isnan(bad):
        assert "rgb runs from" in refused(lambda: PAIRS[name](fake, real))
    else:
        found = PAIRS[name](fake, real)
        about_real = name.endswith(" 0")  # the critic's loss on real pictures
        right = -math.inf if name == "psnr" else None
        wrong = ~found.isfinite() if right is None or math.isnan(bad) else found == right
        logit = bad == math.inf and name.startswith("vanilla") and name.endswith(" 2")
        surely_fake = bad == -math.inf and name == "bce 1"  # right, and sure of it: costs nothing
        assert about_real or logit or surely_fake or wrong.any(), found
        assert about_real or found.ndim == 0 or found[0].isfinite().all(), (
            "the other picture is as it was"
        )
    tried("NaN and infinity among the values", 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_metric_and_no_table_takes_pictures_that_are_no_numbers(bad, tried):
    fake, real = noise(), noise(seed=1)
    fake[0, 2, 5, 5] = bad
    for name, metric in default_metrics().items():
        assert "fake runs from" in refused(lambda metric=metric: metric(fake, real)), name
        assert "real runs from" in refused(lambda metric=metric: metric(real, fake)), name
    tried("NaN and infinity among the values", 2 * len(default_metrics()))


@pytest.mark.parametrize("name", PIXELS)
def test_a_pixel_that_is_no_number_stays_one_and_stays_alone(name, tried):
    values = noise()
    right = PIXELS[name](values)
    values[1, :, 3, 4] = math.nan
    found = PIXELS[name](values)
    assert found[1, :, 3, 4].isnan().all()
    found[1, :, 3, 4] = right[1, :, 3, 4]
    assert torch.equal(found, right)
    tried("NaN and infinity among the values", 1)


LAYOUTS = {
    "turned": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "every other": lambda x: x.repeat_interleave(2, dim=3)[..., ::2],
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "a window": lambda x: torch.nn.functional.pad(x, (3, 2, 1, 4))[..., 1:-4, 3:-2],
    "shared": lambda x: torch.stack([x, x])[1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_values_lie_in_memory_changes_no_number(layout, tried):
    plain = noise(), noise(seed=1)
    other = tuple(map(LAYOUTS[layout], plain))
    assert all(map(torch.equal, plain, other))
    for name, measure in PAIRS.items():
        assert torch.allclose(measure(*other), measure(*plain), rtol=1e-5, atol=1e-6), name
    for name, change in PIXELS.items():
        assert torch.allclose(change(other[0]), change(plain[0]), rtol=1e-5, atol=1e-5), name
    tried("values that lie otherwise in memory", len(PAIRS) + len(PIXELS))


def test_a_picture_repeated_without_copies_counts_as_so_many():
    one = noise(1)
    for name in ("mse", "l1", "ssim", "colorfulness"):
        many = PAIRS[name](one.expand(3, -1, -1, -1), noise(1, seed=1).expand(3, -1, -1, -1))
        assert torch.allclose(many, PAIRS[name](one, noise(1, seed=1)).expand(3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", PAIRS)
def test_other_floating_point_gives_the_number_of_its_values(name, dtype, tried):
    fake, real = (noise(seed=seed).to(dtype) for seed in (0, 1))
    plain = PAIRS[name](fake.float(), real.float())
    assert torch.allclose(PAIRS[name](fake, real).float(), plain.float(), rtol=1e-5, atol=1e-5)
    tried("values of another type", 1)


def test_bytes_are_numbers_among_themselves_and_never_beside_shares(tried):
    fake, real = (color.to_uint8(noise(seed=seed)) for seed in (0, 1))
    assert torch.equal(metrics.mse(fake, real), metrics.mse(fake.double(), real.double()))
    assert torch.equal(
        reconstruction_loss(real, fake), reconstruction_loss(real.float(), fake.float())
    )
    for call in (metrics.mse, metrics.l1, metrics.ssim, reconstruction_loss):
        assert "expected one kind: divide bytes by 255" in refused(
            lambda call=call: call(fake, real / 255)
        )
    for call in (metrics.colorfulness, metrics.gray_baseline, metrics.chroma, color.lab_to_rgb):
        assert "dtype torch.uint8; expected floating point" in refused(lambda call=call: call(fake))
    tried("values of another type", 10)


def test_an_error_below_0_is_none():
    assert "mse goes down to -0.1; expected 0 or more" in refused(lambda: metrics.psnr(-0.1, 1))
    assert metrics.psnr(0, 1) == math.inf and metrics.psnr(math.inf, 1) == -math.inf
    assert metrics.psnr(torch.tensor(math.nan), 1).isnan()


def test_numbers_that_must_fit_together_say_which_do_not():
    gains, photo = torch.rand(4), torch.arange(4)
    assert "shapes (4,), (3,), (9, 3); expected (n,), (n,) and (k, m)" in refused(
        lambda: mean_gain_interval(gains, photo[:3], torch.zeros(9, 3, dtype=torch.int64))
    )
    assert "shapes (0,), (0,), (9, 3)" in refused(
        lambda: mean_gain_interval(gains[:0], photo[:0], torch.zeros(9, 3, dtype=torch.int64))
    )


@settings(deadline=None, max_examples=30, derandomize=True)
@given(
    st.sampled_from(sorted(PAIRS)),
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 13), st.integers(0, 13)),
    st.sampled_from([torch.float32, torch.float64, torch.uint8, torch.int64, torch.bool]),
)
def test_whatever_comes_there_is_a_number_or_a_sentence(name, shape, dtype):
    values = (torch.rand(shape) * 2).to(dtype) if dtype != torch.float32 else torch.rand(shape)
    try:
        found = PAIRS[name](values, values)
    except (TypeError, ValueError) as error:
        assert "\n" not in str(error) and "expected" in str(error)
    else:
        assert not found.isnan().any() and (found.numel() or name == "chroma")
