"""Lab against scikit-image, on the whole 8-bit cube, at the gamut's edge, and under autocast."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color as skcolor

from colorlib import cie
from colorlib.color import (
    LabScaler,
    lab_to_rgb,
    out_of_gamut,
    reduce_chroma_to_gamut,
    rgb_to_lab,
    to_uint8,
)


def pixels(*colors):
    """Return an image (1, 3, 1, number of colors)."""
    return torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, -1)


def to_last(tensor):
    return tensor.movedim(1, -1).numpy()


def cube(step):
    values = torch.arange(0, 256, step, dtype=torch.uint8)
    return torch.stack(torch.meshgrid(values, values, values, indexing="ij")).flatten(2)[None]


labs = st.tuples(st.floats(0, 100), st.floats(-150, 150), st.floats(-150, 150))
rgbs = st.tuples(*[st.floats(0, 1)] * 3)


def test_rgb_to_lab_matches_scikit_image():
    bytes_ = cube(5)
    assert np.abs(to_last(rgb_to_lab(bytes_)) - skcolor.rgb2lab(to_last(bytes_))).max() < 1e-3
    floats = torch.rand(2, 3, 100, 100, generator=torch.Generator().manual_seed(0))
    assert np.abs(to_last(rgb_to_lab(floats)) - skcolor.rgb2lab(to_last(floats))).max() < 1e-3
    lab = rgb_to_lab(floats)
    assert np.abs(to_last(lab_to_rgb(lab)) - skcolor.lab2rgb(to_last(lab))).max() < 1e-4


def test_round_trip_of_all_16_million_colors_is_exact():
    planes = torch.stack(torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")).to(
        torch.uint8
    )
    for red in range(0, 256, 16):
        batch = torch.stack(
            [torch.cat([torch.full_like(planes[:1], r), planes]) for r in range(red, red + 16)]
        )
        lab = rgb_to_lab(batch)
        assert torch.equal(to_uint8(lab_to_rgb(lab)), batch)
        assert not out_of_gamut(lab).any()


def test_rgb_to_lab_of_gray_has_almost_no_chroma():
    gray = torch.arange(256, dtype=torch.uint8).view(1, 1, 1, 256).expand(1, 3, 1, 256)
    ab = rgb_to_lab(gray)[:, 1:].abs()
    assert 0.004 < ab.max() <= 0.005


def test_rgb_to_lab_stays_in_documented_range():
    lab = rgb_to_lab(pixels((1, 1, 1), (0, 0, 0)))
    assert lab[0, 0, 0].tolist() == pytest.approx([100, 0], abs=1e-4)
    low, high = rgb_to_lab(cube(15)).amin((0, 2, 3)), rgb_to_lab(cube(15)).amax((0, 2, 3))
    assert low.tolist() == pytest.approx([0, -86.2, -107.9], abs=0.1)
    assert high.tolist() == pytest.approx([100, 98.3, 94.5], abs=0.1)


@settings(deadline=None)
@given(rgbs)
def test_round_trip_of_float_rgb_is_close(rgb):
    image = pixels(rgb)
    assert torch.allclose(lab_to_rgb(rgb_to_lab(image)), image, atol=2e-5)


@settings(deadline=None)
@given(labs)
def test_reduce_chroma_keeps_lightness_and_hue(lab):
    before = pixels(lab)
    after = reduce_chroma_to_gamut(before)
    assert torch.equal(after[:, 0], before[:, 0])
    (a, b), (c, d) = before.flatten()[1:].tolist(), after.flatten()[1:].tolist()
    assert abs(a * d - b * c) <= 1e-3 * (1 + np.hypot(a, b))  # parallel
    assert a * c + b * d >= 0  # same direction
    assert np.hypot(c, d) <= np.hypot(a, b) + 1e-4
    moved = (rgb_to_lab(lab_to_rgb(before)) - after).flatten()
    assert abs(moved[0]) <= 0.33 and moved[1:].norm() <= 1.7  # what is left for clipping to do
    if not out_of_gamut(before).any():
        assert torch.equal(after, before)


def reduce_chroma_by_bisection(lab):
    """Find the edge of the gamut by halving every line to gray 14 times: slow, without a table."""
    outside = ~cie.in_gamut(lab)
    low, high = torch.zeros_like(lab[:, 0]), torch.ones_like(lab[:, 0])
    for _ in range(14):
        middle = (low + high) / 2
        shorter = torch.cat([lab[:, :1], lab[:, 1:] * middle[:, None]], dim=1)
        moved = rgb_to_lab(lab_to_rgb(shorter, "clip")) - shorter
        keeps = (moved[:, 0].abs() <= 0.3) & (moved[:, 1:].norm(dim=1) <= 1.5)
        low, high = torch.where(keeps, middle, low), torch.where(keeps, high, middle)
    share = torch.where(outside, low, torch.ones_like(low))
    return torch.cat([lab[:, :1], lab[:, 1:] * share[:, None]], dim=1), outside


@pytest.mark.parametrize(
    ("lightness", "hue"),
    [
        pytest.param((0, 100), (-180, 180), id="all"),
        pytest.param((90, 100), (85, 120), id="yellow"),
        pytest.param((20, 40), (-70, -40), id="blue"),
        pytest.param((86, 95), (-180, -150), id="cyan"),
        pytest.param((0, 3), (-180, 180), id="dark"),
        pytest.param((97, 100), (-180, 180), id="light"),
    ],
)
def test_reduce_chroma_equals_bisection(lightness, hue):
    random = torch.rand(3, 400, 500, generator=torch.Generator().manual_seed(0))
    L = lightness[0] + (lightness[1] - lightness[0]) * random[0]
    angle = torch.deg2rad(hue[0] + (hue[1] - hue[0]) * random[1])
    chroma = 180 * random[2]
    lab = torch.stack([L, chroma * angle.cos(), chroma * angle.sin()])[None]
    expected, outside = reduce_chroma_by_bisection(lab)
    reduced = reduce_chroma_to_gamut(lab)
    distance = (reduced - expected).norm(dim=1)
    # Where a line leaves the gamut twice, rounding decides which of the two edges is found.
    assert (distance <= 0.5).float().mean() >= 0.9999
    assert torch.equal(torch.where(outside, lab, reduced), lab)
    assert outside.float().mean() > 0.3


def test_vivid_yellow_stays_vivid():
    yellow = rgb_to_lab(pixels((1, 1, 0)))
    L, a, b = reduce_chroma_to_gamut(
        yellow * torch.tensor([1, 1.2, 1.2]).view(1, 3, 1, 1)
    ).flatten()
    assert yellow[0, 0] == L and torch.hypot(a, b) > 96


def test_chroma_share_of_awkward_images():
    assert cie.chroma_share(torch.zeros(1, 3, 0, 5)).shape == (1, 0, 5)
    assert cie.chroma_share(torch.full((1, 3, 1, 1), 50.0).double()).dtype == torch.float32
    gray = torch.linspace(0, 100, 1001).view(1, 1, 1, -1) * torch.tensor([1.0, 0, 0]).view(
        1, 3, 1, 1
    )
    assert torch.equal(cie.chroma_share(gray), torch.ones(1, 1, 1001))


def test_reduce_chroma_stops_at_gamut_edge():
    edge = reduce_chroma_to_gamut(pixels((50, 0, -120), (60, 120, 0), (80, -120, 40)))
    beyond = torch.cat([edge[:, :1], edge[:, 1:] * 1.01], dim=1)
    moved = (rgb_to_lab(lab_to_rgb(beyond, gamut="clip")) - beyond).abs()
    assert ((moved[:, 0] > 0.3) | (moved[:, 1:].norm(dim=1) > 1.5)).all()


@pytest.mark.parametrize("way", ["brighter", "stronger", "half precision"])
def test_color_barely_outside_gamut_is_unchanged(way):
    lab = rgb_to_lab(cube(15))
    change = {
        "brighter": lab + 0.05,
        "stronger": lab * torch.tensor([1, 1.005, 1.005]).view(1, 3, 1, 1),
    }
    moved = (to_uint8(lab_to_rgb(change.get(way, lab.half()))).int() - cube(15).int()).abs()
    assert moved.max() <= 12


def test_clip_moves_lightness_and_chroma_does_not():
    vivid = pixels((30, 60, -110))
    by_clip = rgb_to_lab(lab_to_rgb(vivid, gamut="clip"))[0, 0].item()
    by_chroma = rgb_to_lab(lab_to_rgb(vivid))[0, 0].item()
    assert abs(by_clip - 30) > 2
    assert abs(by_chroma - 30) < 0.31


def test_lightness_outside_0_to_100_is_clipped():
    assert lab_to_rgb(pixels((120, 0, 0), (-5, 40, 0))).flatten().tolist() == pytest.approx(
        [1, 0, 1, 0, 1, 0], abs=0.025
    )


@pytest.mark.parametrize("color", [(0, 0, 0), (1, 1, 1), (1, 0, 0), (0.04045, 0.04045, 0.04045)])
def test_gradients_at_thresholds_are_finite(color):
    rgb = pixels(color).requires_grad_()
    rgb_to_lab(rgb).sum().backward()
    assert rgb.grad.isfinite().all() and rgb.grad.abs().sum() > 0


@pytest.mark.parametrize("gamut", ["chroma", "clip"])
def test_gradients_beyond_gamut_are_finite(gamut):
    lab = pixels(
        (0, 0, 0), (100, 0, 0), (50, 0, -120), (53.24, 80.09, 67.2), (0, 30, 30)
    ).requires_grad_()
    lab_to_rgb(lab, gamut).sum().backward()
    assert lab.grad.isfinite().all()


def test_gradient_equals_finite_differences():
    color = torch.tensor([0.3, 0.6, 0.2], dtype=torch.float64)

    def weighted(values):  # scikit-image in float64 is the reference
        return float(skcolor.rgb2lab(values.reshape(1, 1, 3)).ravel() @ [1.0, 2.0, 3.0])

    step = 1e-6
    numeric = [
        (weighted(color.numpy() + step * d) - weighted(color.numpy() - step * d)) / (2 * step)
        for d in np.eye(3)
    ]
    rgb = pixels(color.tolist()).requires_grad_()
    (rgb_to_lab(rgb) * torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)).sum().backward()
    assert rgb.grad.flatten().tolist() == pytest.approx(numeric, rel=1e-3)


def test_conversion_under_autocast_is_float32():
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    plain, back = rgb_to_lab(image), lab_to_rgb(rgb_to_lab(image))
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(rgb_to_lab(image), plain)
            assert torch.equal(lab_to_rgb(plain), back)
            L, ab = LabScaler().normalize(plain)
            assert (
                L.dtype
                == ab.dtype
                == LabScaler().denormalize(L.bfloat16(), ab.bfloat16()).dtype
                == torch.float32
            )
    finally:
        torch.set_float32_matmul_precision(before)
    assert rgb_to_lab(image.bfloat16()).dtype == rgb_to_lab(image.double()).dtype == torch.float32


def test_conversion_does_not_depend_on_strides():
    image = torch.rand(2, 3, 6, 5, generator=torch.Generator().manual_seed(2))
    lab = rgb_to_lab(image)
    for strided in (image.to(memory_format=torch.channels_last), image.mT.contiguous().mT):
        assert torch.allclose(rgb_to_lab(strided), lab, atol=1e-4)
    assert torch.allclose(lab_to_rgb((2 * lab.mT.contiguous()).mT), lab_to_rgb(2 * lab), atol=1e-5)


def test_large_image_in_tiles_equals_its_parts():
    rgb = torch.rand(1, 3, 1000, 640, generator=torch.Generator().manual_seed(3))
    lab = rgb_to_lab(rgb)
    assert torch.equal(lab, torch.cat([rgb_to_lab(part) for part in rgb.split(96, dim=2)], dim=2))
    vivid = lab * 1.5
    parts = [lab_to_rgb(part) for part in vivid.split(96, dim=2)]
    assert torch.equal(lab_to_rgb(vivid), torch.cat(parts, dim=2))


def test_conversion_of_empty_batch_is_empty():
    assert lab_to_rgb(rgb_to_lab(torch.zeros(0, 3, 4, 4))).shape == (0, 3, 4, 4)


def test_lab_scaler_matches_the_papers():
    lab = pixels((0, 110, -110), (100, -55, 55), (50, 0, 0))
    L, ab = LabScaler().normalize(lab)
    assert L.flatten().tolist() == [-1, 1, 0]
    assert ab[0].flatten().tolist() == [1, -0.5, 0, -1, 0.5, 0]
    assert LabScaler(ab_scale=128).normalize(pixels((50, 64, -128)))[1].flatten().tolist() == [
        0.5,
        -1,
    ]
    assert LabScaler(128).normalize(lab)[1].abs().max() == 110 / 128


@settings(deadline=None)
@given(labs, st.sampled_from([110.0, 128.0]), st.sampled_from(["ab", "lab"]))
def test_lab_scaler_round_trip_in_lab(lab, ab_scale, output_space):
    image, scaler = pixels(lab), LabScaler(ab_scale, output_space)
    assert torch.allclose(scaler.denormalize(*scaler.normalize(image)), image, atol=1e-4)


@settings(deadline=None)
@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_lab_scaler_rgb_target_is_the_image(rgb):
    image, scaler = pixels(rgb), LabScaler(output_space="rgb")
    L, output = scaler.normalize(rgb_to_lab(image))
    assert torch.allclose(output, 2 * image - 1, atol=1e-3)
    assert torch.allclose(lab_to_rgb(scaler.denormalize(L, output)), image, atol=1e-3)
    assert torch.allclose(scaler.ab_of(output), rgb_to_lab(image)[:, 1:] / 110, atol=1e-3)


def test_lab_scaler_lightness_by_output_space():
    L = torch.zeros(1, 1, 1, 1)
    output = torch.tensor([-0.5, 0.2, 0.4]).view(1, 3, 1, 1)
    assert LabScaler(100, "lab").denormalize(L, output).flatten().tolist() == pytest.approx(
        [50, 20, 40]
    )
    white = LabScaler(output_space="rgb").denormalize(L, torch.ones(1, 3, 1, 1))
    assert white.flatten().tolist() == pytest.approx([100, 0, 0], abs=0.01)
    assert [LabScaler(output_space=space).out_channels for space in ("ab", "lab", "rgb")] == [
        2,
        3,
        3,
    ]


def test_lab_scaler_is_a_frozen_value():
    assert LabScaler() == LabScaler(110.0) != LabScaler(128) and hash(LabScaler()) == hash(
        LabScaler(110.0)
    )
    with pytest.raises(AttributeError):
        LabScaler().ab_scale = 1
    with pytest.raises(ValueError, match="expected a positive number"):
        LabScaler(0)
    expected = "'cmyk'; expected 'ab', 'lab', 'rgb', 'bins' or 'kmeans_bins'"
    with pytest.raises(ValueError, match=expected):
        LabScaler(output_space="cmyk")


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (np.zeros((1, 3, 2, 2)), TypeError, r"rgb is a ndarray; expected a tensor \(n, 3, h, w\)"),
        (torch.zeros(3, 2, 2), ValueError, r"add a batch dimension with \[None\]"),
        (torch.zeros(1, 2, 2, 3), ValueError, r"\.movedim\(-1, 1\)"),
        (torch.zeros(1, 4, 2, 2), ValueError, r"shape \(1, 4, 2, 2\)"),
        (
            torch.zeros(1, 3, 2, 2, dtype=torch.int64),
            TypeError,
            "dtype torch.int64; expected floating point or uint8",
        ),
        (
            torch.full((1, 3, 2, 2), 200.0),
            ValueError,
            r"from 200 to 200; expected \[0, 1\]: divide by 255",
        ),
        (torch.full((1, 3, 2, 2), -1.0), ValueError, r"expected \[0, 1\]"),
    ],
)
def test_rgb_to_lab_bad_input_raises(value, error, words):
    with pytest.raises(error, match=words) as caught:
        rgb_to_lab(value)
    assert "\n" not in str(caught.value)


def test_lab_to_rgb_bad_input_raises():
    with pytest.raises(TypeError, match="lab has dtype torch.uint8; expected floating point"):
        lab_to_rgb(torch.zeros(1, 3, 2, 2, dtype=torch.uint8))
    with pytest.raises(ValueError, match="expected 'chroma' or 'clip'"):
        lab_to_rgb(torch.zeros(1, 3, 2, 2), gamut="cut")
    with pytest.raises(ValueError, match=r"output has shape \(1, 1, 2, 2\)"):
        LabScaler().denormalize(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))


def test_cie_steps_are_inverse_to_each_other():
    values = torch.linspace(0, 1, 1001).view(1, 1, -1).expand(1, 3, -1)
    assert torch.allclose(cie.linear_to_srgb(cie.srgb_to_linear(values)), values, atol=1e-5)
    assert torch.allclose(cie.xyz_to_linear(cie.linear_to_xyz(values)), values, atol=1e-5)
    assert torch.allclose(cie.lab_to_xyz(cie.xyz_to_lab(values)), values, atol=1e-5)
