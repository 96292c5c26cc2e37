"""Figures: what they refuse, that they carry alt text, and that the pixels drawn are the ones asked for."""

import io
import re

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

from colorlib import viz
from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab
from colorlib.viz.figure import CMAP_A, CMAP_B, Figure, line_styles
from colorlib.viz.planes import _gamut_outline

PICTURE = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
PHOTO = torch.tensor([0.8, 0.5, 0.2]).view(1, 3, 1, 1).expand(1, 3, 64, 64)  # orange all over


class Blue(torch.nn.Module):
    """A critic that calls blue fake: its logits are b, as the mean of every 8 x 8 pixels but the border's."""

    def forward(self, L, ab):
        return torch.nn.functional.avg_pool2d(ab[:, 1:, 8:-8, 8:-8], 8)


FIGURES = {
    "row": lambda: viz.image_row({"one": PICTURE, "two": PICTURE[:, :1]}, alt="Two."),
    "grid": lambda: viz.image_grid(
        {"a": [PICTURE] * 2, "b": [PICTURE[0]] * 2}, ["x", "y"], alt="Four."
    ),
    "channels": lambda: viz.plot_channels(PICTURE),
    "ab_histogram": lambda: viz.ab_histogram({"one": PICTURE}, alt="A cloud."),
    "gamut": lambda: viz.plot_gamut_slice(50),
    "gamut marked": lambda: viz.plot_gamut_slice(50, 10, -10),
    "unet_diagram": lambda: viz.unet_diagram(
        [PICTURE] * 3, [PICTURE] * 2, alt="A U.", labels=["one", "two", "3"]
    ),
    "patch_map": lambda: viz.patch_map(
        PICTURE, PICTURE[:, :1, :2, :3] - 0.5, alt="A map.", box=(2, 3, 9, 9)
    ),
    "recolored": lambda: viz.plot_hue_shift(Blue(), PHOTO, 16, 16, 32, 180),
    "lines": lambda: viz.plot_lines({"a": ([0, 1], [0, 1])}, xlabel="x", ylabel="y", alt="A line."),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_every_figure_is_a_figure_with_alt_text_and_draws(make):
    figure = make()
    assert isinstance(figure, MatplotlibFigure) and figure.alt
    picture = Image.open(io.BytesIO(figure.to_bytes()))
    assert picture.format == ("JPEG" if figure.photo else "PNG")
    assert np.asarray(picture.convert("L")).std() > 1


def test_a_notebook_gets_the_picture_with_its_alt_text(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **rest: shown.append((data, rest)))
    FIGURES["row"]()._ipython_display_()
    FIGURES["lines"]()._ipython_display_()
    assert shown[0][1] == {"metadata": {"image/jpeg": {"alt": "Two."}}, "raw": True}
    assert shown[1][1]["metadata"] == {"image/png": {"alt": "A line."}}
    assert shown[0][0]["text/plain"] == "<Figure: Two.>"


def test_alt_text_is_demanded():
    with pytest.raises(ValueError, match="alt is empty"):
        Figure(alt=" ")


def test_row_draws_the_pixels_that_it_was_given():
    figure = viz.image_row({"one": PICTURE, "gray": PICTURE[0, :1]}, alt="Two.")
    one, gray = (axes.images[0].get_array() for axes in figure.axes)
    assert np.allclose(one, PICTURE[0].movedim(0, -1))
    assert np.allclose(gray[..., 2], PICTURE[0, 0])
    assert [axes.get_title() for axes in figure.axes] == ["one", "gray"]


def test_channels_shows_lab_centred_on_zero():
    figure = viz.plot_channels(torch.tensor([0.2, 0.6, 0.3]).view(1, 3, 1, 1).expand(1, 3, 8, 8))
    maps = {
        axes.get_title()[0]: axes.images[0]
        for axes in figure.axes
        if axes.images and axes.get_title()
    }
    for name, colors in (("a", CMAP_A), ("b", CMAP_B)):
        assert maps[name].norm.vmin == -maps[name].norm.vmax
        assert maps[name].get_cmap().name in (colors, getattr(colors, "name", ""))
    assert maps["a"].get_array().mean() < -20 and maps["b"].get_array().mean() > 5
    assert np.allclose(maps["G"].get_array(), 0.6)


def test_gamut_is_gray_outside_and_the_right_colour_inside():
    drawn = viz.plot_gamut_slice(60, size=23).axes[0].images[0].get_array()  # 10 units a pixel
    for i, j in ((11, 11), (13, 13), (9, 8), (0, 0)):
        lab = torch.tensor([60.0, -110 + 10 * j, -110 + 10 * i]).view(1, 3, 1, 1)
        expected = (
            torch.full((3,), 0.932) if out_of_gamut(lab).item() else lab_to_rgb(lab).flatten()
        )
        assert np.allclose(drawn[i, j], expected, atol=0.01)
    assert "outside sRGB" in viz.plot_gamut_slice(50, 0, -110).alt
    with pytest.raises(ValueError, match="expected 0 to 100"):
        viz.plot_gamut_slice(150)


def test_the_outline_holds_the_corners_of_the_cube():
    a, b = _gamut_outline()
    assert np.hypot(a, b).max() == pytest.approx(
        133.8, abs=0.5
    )  # blue, the farthest colour of sRGB
    assert len(a) == 121 and a[0] == a[-1]


def test_every_curve_has_its_own_dash_as_well_as_its_own_colour():
    styles = [style for style, _ in zip(line_styles(), range(5), strict=False)]
    assert len({str(s["linestyle"]) for s in styles}) == len({s["color"] for s in styles}) == 5


def test_bad_pictures_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 3, 4, 4\)"):
        viz.image_row({"two at once": torch.zeros(2, 3, 4, 4)}, alt="x")
    with pytest.raises(ValueError, match="row 'a' has 1 pictures; expected 2"):
        viz.image_grid({"a": [PICTURE]}, ["x", "y"], alt="x")
    with pytest.raises(ValueError, match="no picture"):
        viz.image_row({}, alt="x")


def test_a_u_has_one_picture_more_on_the_way_down():
    for down, up, labels in (([PICTURE], [PICTURE], []), ([PICTURE] * 2, [PICTURE], ["one"])):
        with pytest.raises(
            ValueError, match="expected one more down than up, and a label for each"
        ):
            viz.unet_diagram(down, up, alt="A U.", labels=labels)
    axes = viz.unet_diagram([PICTURE] * 4, [PICTURE] * 3, alt="A U.").axes[0]
    boxes = [image.get_extent() for image in axes.images]
    middle = boxes[-1]
    assert len(boxes) == 7 and middle[0] + middle[1] == pytest.approx(sum(axes.get_xlim()))
    assert all(box[1] - box[0] == pytest.approx(box[3] - box[2]) for box in boxes)


def test_a_patch_map_stands_where_its_patches_have_their_middles():
    figure = viz.patch_map(PHOTO, torch.zeros(1, 1, 6, 6), alt="A map.")
    assert tuple(figure.axes[1].images[1].get_extent()) == (7.5, 55.5, 55.5, 7.5)
    one = viz.patch_map(PHOTO, torch.zeros(1, 1, 1, 1), alt="One answer.", step=64)
    assert tuple(one.axes[1].images[1].get_extent()) == (-0.5, 63.5, 63.5, -0.5)


def test_a_recolored_square_turns_its_hues_keeps_its_lightness_and_is_seen_on_the_map():
    figure = viz.plot_hue_shift(Blue(), PHOTO, top=16, left=24, side=32, turn=180)
    painted = torch.from_numpy(np.array(figure.axes[0].images[0].get_array())).movedim(-1, 0)[None]
    before, after = rgb_to_lab(PHOTO)[0], rgb_to_lab(painted)[0]
    assert (after[0] - before[0]).abs().max() < 0.6
    inside = torch.zeros(64, 64, dtype=torch.bool)
    inside[16:48, 24:56] = True
    assert (after[2][inside] < -10).all() and torch.allclose(
        after[1:, ~inside], before[1:, ~inside], atol=0.1
    )
    logits = figure.axes[1].images[1].get_array()
    assert (logits[1:5, 2:6] < 0).all() and (np.delete(logits, slice(1, 5), axis=0) > 0).all()
    assert re.search(r"mean logit is -0\.\d .* and \+0\.\d elsewhere", figure.alt)


def test_a_square_that_covers_no_middle_of_a_patch_says_so():
    assert "mean logit is none" in viz.plot_hue_shift(Blue(), PHOTO, top=0, left=0, side=8).alt
