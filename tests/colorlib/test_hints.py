"""Colour hints: closed forms, an independent solution, whole photos, bad hints and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw
from torch import nn

from colorlib.cli import main
from colorlib.color import lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photos
from colorlib.inference import propagation
from colorlib.inference.hints import Hints, PointHint, colorize_with_hints, with_hints
from colorlib.inference.propagation import apply_hints, enlarge_guided, propagate_hints
from colorlib.io.exif import PROVENANCE_NOTE
from colorlib.io.images import ImageError, image_to_tensor, tensor_to_image
from colorlib.metrics import mse, psnr
from colorlib.unet import UNet


class Warm(nn.Module):
    """Predicts one warm colour."""

    def forward(self, L):
        return torch.tensor([0.1, 0.2]).view(1, 2, 1, 1).expand(1, 2, *L.shape[-2:])


@pytest.fixture
def warm():
    return Colorizer(Warm(), image_size=16)


def hint_tensors(h, w, hints):
    """Return ab and a mask from {(row, column): (a, b)}."""
    ab, mask = torch.zeros(1, 2, h, w), torch.zeros(1, 1, h, w, dtype=torch.bool)
    for (row, column), color in hints.items():
        ab[0, :, row, column] = torch.tensor(color)
        mask[0, 0, row, column] = True
    return ab, mask


def dense_solution(L, ab, mask, prior, pull):
    """Solve Levin's system pixel by pixel, with loops and a dense solver."""
    h, w = L.shape[-2:]
    plane = L[0, 0].double().numpy()
    system, right = np.eye(h * w), np.zeros((h * w, 2))
    for y in range(h):
        for x in range(w):
            r = y * w + x
            if mask[0, 0, y, x]:
                right[r] = (ab - prior)[0, :, y, x]
                continue
            rows, columns = slice(max(y - 1, 0), y + 2), slice(max(x - 1, 0), x + 2)
            spread = 0.2 * max(plane[rows, columns].var(), propagation._MIN_VARIANCE)
            weights = {}
            for yy in range(*rows.indices(h)):
                for xx in range(*columns.indices(w)):
                    if (yy, xx) != (y, x):
                        weight = np.exp(-((plane[yy, xx] - plane[y, x]) ** 2) / spread)
                        weights[yy * w + xx] = max(weight, propagation._LEAST_WEIGHT)
            system[r, r] = 1 + pull
            for s, weight in weights.items():
                system[r, s] = -weight / sum(weights.values())
    change = np.linalg.solve(system, right)
    return prior + torch.from_numpy(change.T.reshape(1, 2, h, w)).float()


@pytest.mark.parametrize("pull", [0, 1e-3, 0.2])
@pytest.mark.parametrize("h, w", [(9, 7), (1, 8), (6, 1)])
def test_propagation_equals_a_dense_solution(h, w, pull):
    generator = torch.Generator().manual_seed(h)
    L = torch.rand(1, 1, h, w, generator=generator) * 2 - 1
    prior = torch.rand(1, 2, h, w, generator=generator)
    ab, mask = hint_tensors(h, w, {(0, 0): (5.0, -2.0), (h - 1, w - 1): (1.0, 3.0)})
    result = propagate_hints(L, ab, mask, prior, pull=pull)
    expected = dense_solution(L, ab, mask, prior, pull)
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=1e-4)
    alone = propagate_hints(L, ab, mask)
    expected = dense_solution(L, ab, mask, torch.zeros_like(prior), 0)
    torch.testing.assert_close(alone, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("h, w", [(12, 9), (300, 310), (40, 1500)])
def test_one_hint_on_even_lightness_colors_everything(h, w):
    ab, mask = hint_tensors(h, w, {(h // 2, w // 3): (30.0, -20.0)})
    result = apply_hints(torch.full((1, 1, h, w), 0.2), ab, mask)
    expected = torch.tensor([30.0, -20.0]).view(1, 2, 1, 1).expand_as(result)
    torch.testing.assert_close(result, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("h, w, border", [(20, 30, 11), (600, 700, 333)])
def test_each_side_of_a_sharp_edge_takes_its_own_hint(h, w, border):
    L = torch.full((1, 1, h, w), -0.5)
    L[..., border:] = 0.5
    ab, mask = hint_tensors(h, w, {(3, 2): (40.0, 10.0), (h - 2, w - 2): (-10.0, 30.0)})
    result = apply_hints(L, ab, mask)
    left, right = torch.tensor([40.0, 10.0]), torch.tensor([-10.0, 30.0])
    # Of a large photo, the small copy has a mixed column, of which at most one pixel is seen.
    far = 2 if h > 256 else 0
    assert (result[0, :, :, : border - far] - left.view(2, 1, 1)).abs().max() < 0.5
    assert (result[0, :, :, border + far :] - right.view(2, 1, 1)).abs().max() < 0.5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 2**20),
    st.sampled_from([0.0, 0.001, 0.5, 1.0]),
)
def test_colors_lie_between_those_of_the_hints(h, w, seed, contrast):
    generator = torch.Generator().manual_seed(seed)
    L = contrast * torch.randint(-1, 2, (1, 1, h, w), generator=generator).float()
    ab = torch.rand(1, 2, h, w, generator=generator) * 200 - 100
    mask = torch.rand(1, 1, h, w, generator=generator) < 0.2
    result = propagate_hints(L, ab, mask)
    if not mask.any():
        assert not result.any()
        return
    hinted = ab.masked_select(mask).view(2, -1)
    assert (result[mask.expand_as(ab)] == ab[mask.expand_as(ab)]).all()
    low, high = hinted.amin(1).view(1, 2, 1, 1), hinted.amax(1).view(1, 2, 1, 1)
    assert (result > low - 0.01).all() and (result < high + 0.01).all()


def test_hint_overrules_the_prior_in_its_region_only():
    L = torch.full((1, 1, 40, 40), -0.5)
    L[..., 10:20, 10:20] = 0.5
    prior = torch.rand(1, 2, 40, 40, generator=torch.Generator().manual_seed(0))
    ab, mask = hint_tensors(40, 40, {(12, 12): (20.0, -30.0)})
    change = apply_hints(L, ab, mask, prior) - prior
    expected = (ab - prior)[..., 12:13, 12:13]
    assert (change[..., 10:20, 10:20] - expected).abs().max() < 0.05 * 30
    outside = change.clone()
    outside[..., 10:20, 10:20] = 0
    assert outside.abs().max() < 0.05 * 30


@pytest.mark.parametrize("size", [(50, 40), (700, 500)])
def test_no_hint_leaves_the_answer_as_it_is(warm, size):
    photo = Image.effect_noise(size, 60)
    assert colorize_with_hints(warm, photo, Hints()).tobytes() == warm(photo).tobytes()
    gray = np.asarray(colorize_with_hints(None, photo, Hints())).astype(int)
    assert np.ptp(gray, axis=2).max() <= 1


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 29),
    st.integers(0, 19),
    st.lists(st.integers(0, 255), min_size=3, max_size=3),
    st.booleans(),
)
def test_a_hint_has_its_color_at_its_place(x, y, color, has_model):
    """A photo with the lightness of the hint gets exactly the hint's colour there."""
    rgb = torch.tensor(color, dtype=torch.uint8).view(1, 3, 1, 1)
    L = rgb_to_lab(rgb)[:, :1]
    gray = to_uint8(lab_to_rgb(torch.cat([L, torch.zeros(1, 2, 1, 1)], dim=1)))
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 1), dtype=np.uint8)
    pixels = noise.repeat(3, axis=2)
    pixels[y, x] = gray.flatten()
    model = Colorizer(Warm(), image_size=16) if has_model else None
    hints = Hints(points=[PointHint(x, y, f"#{bytes(color).hex()}")])
    result = colorize_with_hints(model, Image.fromarray(pixels), hints).getpixel((x, y))
    ab = rgb_to_lab(rgb)[:, 1:]
    photo_L = rgb_to_lab(torch.from_numpy(pixels[y, x]).view(1, 3, 1, 1))[:, :1]
    expected = to_uint8(lab_to_rgb(torch.cat([photo_L, ab], dim=1))).flatten()
    assert (torch.tensor(result) - expected.int()).abs().max() <= 1


def test_hints_of_a_large_photo_are_kept_exactly():
    generator = torch.Generator().manual_seed(0)
    L = torch.rand(1, 1, 400, 300, generator=generator) * 2 - 1
    ab = torch.rand(1, 2, 400, 300, generator=generator)
    mask = torch.rand(1, 1, 400, 300, generator=generator) < 0.01
    result = apply_hints(L, ab, mask, torch.zeros(1, 2, 400, 300))
    assert (result[mask.expand_as(ab)] == ab[mask.expand_as(ab)]).all()


def test_enlarged_edges_are_sharper_than_bilinear_ones():
    """A disc at 25 times its size: its colours end where its lightness does."""
    y, x = torch.meshgrid(torch.arange(500.0), torch.arange(600.0), indexing="ij")
    inside = ((x - 280).square() + (y - 230).square() < 150**2).float()[None, None]
    L, small = inside - 0.5, F.adaptive_avg_pool2d(inside, (20, 24))
    guided = enlarge_guided(small, small - 0.5, L)
    bilinear = F.interpolate(small, L.shape[-2:], mode="bilinear")
    assert (guided - inside).abs().mean() < 0.25 * (bilinear - inside).abs().mean()
    constant = enlarge_guided(torch.full((1, 2, 20, 24), 7.0), small, L)
    torch.testing.assert_close(constant, torch.full((1, 2, 500, 600), 7.0))


def test_more_true_hints_raise_psnr():
    """On a photo that the package scikit-image carries, each hint being one true pixel's colour."""
    (photo,) = [photo for photo in sample_photos("test") if photo.name == "flower"]
    rgb = photo.rgb(128)
    truth = tensor_to_image(rgb)
    places = np.random.default_rng(0).integers(0, 128, (30, 2)).tolist()
    colors = [f"#{bytes(truth.getpixel((x, y))).hex()}" for x, y in places]
    points = [PointHint(x, y, color) for (x, y), color in zip(places, colors, strict=True)]
    scores = []
    for count in (0, 3, 30):
        result = image_to_tensor(colorize_with_hints(None, truth, Hints(points=points[:count])))
        scores.append(psnr(mse(result, rgb), peak=1).item())
    assert scores[0] + 1 < scores[1] < scores[2] - 1


def test_alpha_and_saturation_are_those_of_any_photo(warm):
    photo = Image.effect_noise((30, 20), 40).convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize((30, 20)))
    hints = Hints(points=[PointHint(3, 4, "blue")])
    result = colorize_with_hints(warm, photo, hints)
    assert result.mode == "RGBA"
    assert result.getchannel("A").tobytes() == photo.getchannel("A").tobytes()
    gray = np.asarray(colorize_with_hints(warm, photo, hints, saturation=0))[..., :3].astype(int)
    assert np.ptp(gray, axis=2).max() <= 1
    with pytest.raises(ValueError, match="saturation is 11"):
        colorize_with_hints(warm, photo, hints, saturation=11)


def paint(size, *strokes, background=(0, 0, 0, 0)):
    """Return a picture with lines of colours: (colour, (x0, y0, x1, y1))."""
    picture = Image.new("RGBA", size, background)
    for color, line in strokes:
        ImageDraw.Draw(picture).line(line, fill=color, width=2)
    return picture


def test_points_cover_strokes_and_faint_strokes_do_not_count():
    strokes = paint((20, 10), ((255, 0, 0, 128), (0, 2, 19, 2)), ((0, 255, 0, 127), (0, 7, 19, 7)))
    ab, mask = Hints(strokes, [PointHint(10, 2, "blue")]).to_tensors(20, 10)
    assert mask[0, 0, 2].all() and not mask[0, 0, 7].any()
    red, blue = ab[0, :, 2, 0].round().tolist(), ab[0, :, 2, 10].round().tolist()
    assert red == [80, 67] and blue == [79, -108]
    assert not ab[:, :, 7].any()


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("120;80=#fff", "the hint is '120;80=#fff'; expected X,Y=COLOUR, such as 120,80=#3a62c4"),
        ("1.5,2=red", "the hint is '1.5,2=red'; expected X,Y=COLOUR"),
        ("120,80", "the hint's colour is ''; expected #rrggbb, such as #3a62c4, or a name"),
        ("1,2=#12345", "the hint's colour is '#12345'; expected #rrggbb"),
        ("-1,2=red", "the hint at -1,2 is outside of every photo; expected pixels from the left"),
    ],
)
def test_unreadable_point_gets_one_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        PointHint.parse(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "hints, sentence",
    [
        (
            Hints(points=[PointHint(30, 5, "red")]),
            "the hint at 30,5 is outside of the photo; expected 0 to 29 for X and 0 to 19 for Y",
        ),
        (Hints(paint((20, 30))), "has 20 x 30 pixels; expected 30 x 20, as the photo has"),
        (Hints(paint((30, 20))), "has no stroke that is more than half opaque"),
        (Hints(paint((30, 20), background="red")), "has no transparent part; expected coloured"),
        (Hints(Path("none.png")), "none.png was not found"),
        (Hints(b"hello"), "<bytes> is not an image"),
    ],
)
def test_bad_hints_get_one_sentence_before_any_work(hints, sentence):
    class Never(nn.Module):
        def forward(self, L):
            raise AssertionError("the hints were not checked first")

    with pytest.raises((ValueError, FileNotFoundError), match=sentence) as error:
        colorize_with_hints(Colorizer(Never()), Image.new("L", (30, 20), 99), hints)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, ImageError | FileNotFoundError) or hints.points


def test_wrong_tensors_get_one_sentence():
    L, ab, mask = torch.zeros(1, 1, 4, 5), torch.zeros(1, 2, 4, 5), torch.zeros(1, 1, 4, 5)
    with pytest.raises(TypeError, match="mask has dtype torch.float32; expected bool"):
        propagate_hints(L, ab, mask)
    with pytest.raises(ValueError, match=r"ab has shape \(1, 2, 4, 4\); expected \(1, 2, 4, 5\)"):
        apply_hints(L, ab[..., :4], mask.bool())


def test_with_hints_keeps_the_model(warm):
    model = with_hints(warm, Hints(points=[PointHint(1, 1, "red")]))
    assert model.net is warm.net and model.scaler == warm.scaler and model.image_size == 16


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a small model and a photo that has EXIF data and a rotation."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save("m.safetensors")
    exif = Image.Exif()
    exif[ExifTags.Base.Artist], exif[ExifTags.Base.Orientation] = "A. Person", 6
    Image.new("L", (40, 60), 119).save("lawn.jpg", exif=exif)  # 60 x 40 when upright
    return tmp_path


def run_colorize(*args):
    return main(["colorize", *args, "--model", "m.safetensors"])


def test_command_takes_strokes_and_points(folder, capsys):
    paint((60, 40), ("#3a62c4", (5, 5, 15, 5))).save("strokes.png")
    args = ["lawn.jpg", "--hints", "strokes.png", "--hint", "50,30=#b03030", "--json"]
    assert run_colorize(*args, "--hint", "50,5=green", "--out", "a.png") == 0
    assert json.loads(capsys.readouterr().out)["written"] == ["a.png"]
    with Image.open("a.png") as result:
        assert result.size == (60, 40)
        exif = result.getexif()
        assert exif[ExifTags.Base.Artist] == "A. Person" and ExifTags.Base.Orientation not in exif
        assert PROVENANCE_NOTE in exif[ExifTags.Base.ImageDescription]
        blue, red, green = (result.getpixel(place) for place in ((10, 5), (50, 30), (50, 5)))
    assert blue[2] > blue[0] + 80 and red[0] > red[2] + 80 and green[1] > green[0] + 80


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["lawn.jpg", "--hint", "60,2=red"], "the hint at 60,2 is outside of the photo"),
        (["lawn.jpg", "--hint", "6,2=rot"], "the hint's colour is 'rot'; expected #rrggbb"),
        (["lawn.jpg", "--hints", "lawn.jpg"], "lawn.jpg has no transparent part; expected"),
        (["lawn.jpg", "--hints", "none.png"], "none.png was not found"),
        (["lawn.jpg", "--hints", "small.png"], "small.png has 6 x 4 pixels; expected 60 x 40"),
        (["lawn.jpg", "lawn.jpg", "--hint", "1,1=red"], "hints were given for several photos"),
        ([".", "--hint", "1,1=red"], "hints were given for several photos; expected one photo"),
        (
            ["lawn.jpg", "--hints", "small.png", "--out", "small.png", "--overwrite"],
            "small.png is a photo and would be its own result",
        ),
    ],
)
def test_command_refuses_bad_hints_in_one_sentence(folder, capsys, args, sentence):
    paint((6, 4), ("red", (1, 1, 3, 1))).save("small.png")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run_colorize(*args) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in line
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
