"""Figures: what they refuse, their alt text, and the pixels that they draw."""

import io
import re

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

from colorlib import viz
from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab
from colorlib.unet import UNet
from colorlib.viz.figure import CMAP_A, CMAP_B, Figure, line_styles
from colorlib.viz.plots import _gamut_outline

NOISE = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
ORANGE = torch.tensor([0.8, 0.5, 0.2]).view(1, 3, 1, 1).expand(1, 3, 64, 64)


class BlueIsFake(torch.nn.Module):
    """A discriminator whose logits are the means of b over squares of 8 x 8 pixels."""

    def forward(self, L, ab):
        return torch.nn.functional.avg_pool2d(ab[:, 1:, 8:-8, 8:-8], 8)


FIGURES = {
    "image_row": lambda: viz.image_row({"one": NOISE, "two": NOISE[:, :1]}, alt="Two."),
    "image_grid": lambda: viz.image_grid(
        {"a": [NOISE] * 2, "b": [NOISE[0]] * 2}, ["x", "y"], alt="Four."
    ),
    "plot_channels": lambda: viz.plot_channels(NOISE),
    "ab_histogram": lambda: viz.ab_histogram({"one": NOISE}, alt="A cloud."),
    "plot_gamut_slice": lambda: viz.plot_gamut_slice(50),
    "plot_gamut_slice, marked": lambda: viz.plot_gamut_slice(50, 10, -10),
    "unet_diagram": lambda: viz.unet_diagram(
        [NOISE] * 3, [NOISE] * 2, alt="A U.", labels=["one", "two", "3"]
    ),
    "unet_sizes": lambda: viz.unet_sizes(),
    "gan_diagram": lambda: viz.gan_diagram(NOISE[:, :1], NOISE, ORANGE),
    "patch_map": lambda: viz.patch_map(
        NOISE, NOISE[:, :1, :2, :3] - 0.5, alt="A map.", box=(2, 3, 9, 9)
    ),
    "plot_hue_shift": lambda: viz.plot_hue_shift(BlueIsFake(), ORANGE, 16, 16, 32, 180),
    "plot_lines": lambda: viz.plot_lines({"a": ([0, 1], [0, 1])}, xlabel="", ylabel="", alt="Up."),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_figure_has_alt_text_and_is_drawn(make):
    figure = make()
    assert isinstance(figure, MatplotlibFigure) and figure.alt
    image = Image.open(io.BytesIO(figure.to_bytes()))
    assert image.format == ("JPEG" if figure.photo else "PNG")
    assert np.asarray(image.convert("L")).std() > 1


def test_figure_displays_itself_with_its_alt_text(monkeypatch):
    import IPython.display

    calls = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **rest: calls.append((data, rest)))
    FIGURES["image_row"]()._ipython_display_()
    FIGURES["plot_lines"]()._ipython_display_()
    assert calls[0][1] == {"metadata": {"image/jpeg": {"alt": "Two."}}, "raw": True}
    assert calls[1][1]["metadata"] == {"image/png": {"alt": "Up."}}
    assert calls[0][0]["text/plain"] == "<Figure: Two.>"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Figure(alt=" "), "alt is empty"),
        (lambda: viz.image_row({"two": torch.zeros(2, 3, 4, 4)}, alt="x"), r"shape \(2, 3, 4, 4\)"),
        (lambda: viz.image_grid({"a": [NOISE]}, ["x", "y"], alt="x"), "has 1 images; expected 2"),
        (lambda: viz.image_row({}, alt="x"), "no image"),
        (lambda: viz.before_after(NOISE, ORANGE), "30 x 20 and 64 x 64 pixels; expected one size"),
        (lambda: viz.plot_gamut_slice(150), "expected 0 to 100"),
        (lambda: viz.plot_losses([]), "the history is empty"),
        (lambda: viz.unet_sizes(num_downs=4, side=20), "can be halved so often"),
        (lambda: viz.unet_diagram([NOISE], [NOISE], alt="A U."), "expected one more down than up"),
        (
            lambda: viz.unet_diagram([NOISE] * 2, [NOISE], alt="A U.", labels=["one"]),
            "a label for each down",
        ),
    ],
)
def test_figure_refuses_wrong_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_long_titles_of_a_grid_do_not_overlap():
    rows = {"our encoder, trained": [NOISE] * 2, "a random ResNet18": [NOISE] * 2}
    figure = viz.image_grid(
        rows, ["a long title of a column", "and another one"], alt="x", height=1
    )
    renderer = FigureCanvasAgg(figure).get_renderer()
    first, second, below, _ = figure.axes
    assert not overlap(first.yaxis.label, below.yaxis.label, renderer)
    assert not overlap(first.title, second.title, renderer)


def overlap(one, other, renderer):
    return one.get_window_extent(renderer).overlaps(other.get_window_extent(renderer))


def test_image_row_draws_the_given_pixels():
    figure = viz.image_row({"one": NOISE, "gray": NOISE[0, :1]}, alt="Two.")
    one, gray = (axes.images[0].get_array() for axes in figure.axes)
    assert np.allclose(one, NOISE[0].movedim(0, -1))
    assert np.allclose(gray[..., 2], NOISE[0, 0])
    assert [axes.get_title() for axes in figure.axes] == ["one", "gray"]


def test_plot_channels_centres_a_and_b_on_zero():
    figure = viz.plot_channels(torch.tensor([0.2, 0.6, 0.3]).view(1, 3, 1, 1).expand(1, 3, 8, 8))
    maps = {axes.get_title()[:1]: axes.images[0] for axes in figure.axes if axes.images}
    for name, cmap in (("a", CMAP_A), ("b", CMAP_B)):
        assert maps[name].norm.vmin == -maps[name].norm.vmax
        assert maps[name].get_cmap().name == getattr(cmap, "name", cmap)
    assert maps["a"].get_array().mean() < -20 and maps["b"].get_array().mean() > 5
    assert np.allclose(maps["G"].get_array(), 0.6)


def test_plot_gamut_slice_is_gray_outside_of_srgb():
    drawn = viz.plot_gamut_slice(60).axes[0].images[0].get_array()  # a unit a pixel, from -128
    for i, j in ((128, 128), (148, 148), (108, 98), (0, 0)):
        lab = torch.tensor([60.0, j - 128.0, i - 128.0]).view(1, 3, 1, 1)
        outside = out_of_gamut(lab).item()
        expected = torch.full((3,), 0.932) if outside else lab_to_rgb(lab).flatten()
        assert np.allclose(drawn[i, j], expected, atol=0.01)
    assert "outside sRGB" in viz.plot_gamut_slice(50, 0, -110).alt


def test_share_of_the_gamut_is_that_of_the_pairs_of_bytes():
    line = torch.arange(-128.0, 128)
    a, b = torch.meshgrid(line, line, indexing="ij")
    inside = ~out_of_gamut(torch.stack([torch.full_like(a, 50), a, b])[None])
    assert f"fill {100 * inside.float().mean():.0f} % of the plane" in viz.plot_gamut_slice(50).alt


def test_lines_over_whole_numbers_have_whole_ticks():
    layers = viz.plot_lines({"a": (range(1, 4), [1, 2, 3])}, xlabel="", ylabel="", alt="Up.")
    assert all(tick == int(tick) for tick in layers.axes[0].get_xticks())


def test_gamut_outline_contains_the_corners_of_the_cube():
    a, b = _gamut_outline()
    assert np.hypot(a, b).max() == pytest.approx(133.8, abs=0.5)  # blue has the largest chroma
    assert len(a) == 121 and a[0] == a[-1]


def test_line_styles_differ_in_dash_and_colour():
    styles = [style for style, _ in zip(line_styles(), range(5), strict=False)]
    assert len({str(s["linestyle"]) for s in styles}) == len({s["color"] for s in styles}) == 5


def test_sizes_of_a_u_net_are_those_of_the_network():
    net = UNet(num_downs=3, base_channels=4)
    shapes = []
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.register_forward_hook(lambda _, x, y: shapes.append(y.shape[1:]))
    net.eval()(torch.zeros(1, 1, 32, 32))
    sizes = [" x ".join(map(str, shape)) for shape in shapes]
    alt = viz.unet_sizes(num_downs=3, base_channels=4, side=32).alt
    down, _, up = alt.partition(" Up: ")
    assert down.endswith(f"1 x 32 x 32, {', '.join(sizes[:3])}.")
    assert up.startswith(f"{', '.join(sizes[3:])}. Between")


def test_unet_diagram_is_symmetric():
    axes = viz.unet_diagram([NOISE] * 4, [NOISE] * 3, alt="A U.").axes[0]
    boxes = [image.get_extent() for image in axes.images]
    middle = boxes[-1]
    assert len(boxes) == 7 and middle[0] + middle[1] == pytest.approx(sum(axes.get_xlim()))
    assert all(box[1] - box[0] == pytest.approx(box[3] - box[2]) for box in boxes)
    assert len(axes.lines) == 2  # the outermost of the three levels has no skip


@pytest.mark.parametrize(
    ("side", "stride", "start", "end"), [(6, 8, 7.5, 55.5), (1, 64, -0.5, 63.5)]
)
def test_patch_map_is_drawn_over_the_centres_of_patches(side, stride, start, end):
    figure = viz.patch_map(ORANGE, torch.zeros(1, 1, side, side), alt="A map.", stride=stride)
    assert tuple(figure.axes[1].images[1].get_extent()) == (start, end, end, start)


def test_plot_hue_shift_changes_only_the_hues_of_the_square():
    figure = viz.plot_hue_shift(BlueIsFake(), ORANGE, top=16, left=24, side=32, angle=180)
    drawn = torch.from_numpy(np.array(figure.axes[0].images[0].get_array())).movedim(-1, 0)[None]
    before, after = rgb_to_lab(ORANGE)[0], rgb_to_lab(drawn)[0]
    assert (after[0] - before[0]).abs().max() < 0.6
    inside = torch.zeros(64, 64, dtype=torch.bool)
    inside[16:48, 24:56] = True
    assert (after[2][inside] < -10).all()
    assert torch.allclose(after[1:, ~inside], before[1:, ~inside], atol=0.1)
    logits = figure.axes[1].images[1].get_array()
    assert (logits[1:5, 2:6] < 0).all() and (np.delete(logits, slice(1, 5), axis=0) > 0).all()
    assert re.search(r"mean logit is -0\.\d .* and \+0\.\d elsewhere", figure.alt)


def test_plot_hue_shift_without_a_patch_in_the_square():
    figure = viz.plot_hue_shift(BlueIsFake(), ORANGE, top=0, left=0, side=8)
    assert "mean logit is unknown" in figure.alt


def test_alt_text_of_a_lesson_is_filled_or_refused():
    text = viz.alt_text("7.e1-figure", weights="random")
    assert text.endswith("a ResNet18 with random weights.")
    message = "no description of the figure '7.no-figure'; expected one in .*: add it, or pass alt="
    with pytest.raises(LookupError, match=message):
        viz.alt_text("7.no-figure")
