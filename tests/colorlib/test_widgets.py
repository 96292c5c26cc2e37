"""Widgets: sliders draw again, a Turing test is played, and uploaded photos are colorized."""

import io
from datetime import UTC, datetime

import ipywidgets
import pytest
import torch
from PIL import Image

from colorlib import viz
from colorlib.discriminators import PatchDiscriminator
from colorlib.evaluation.turing import TuringTest
from colorlib.notebook import widgets

LAWN = Image.new("RGB", (40, 30), (90, 120, 60))


def encode(image):
    image.save(file := io.BytesIO(), "PNG")
    return file.getvalue()


@pytest.fixture
def model():
    """A model that makes everything red, and keeps what it was given."""

    def colorize(photo):
        colorize.photos.append(photo)
        return Image.new("RGB", photo.size, (200, 60, 60))

    colorize.photos = []
    return colorize


def test_explorer_draws_again_when_a_slider_moves():
    explorer = widgets.explore_lab(L=50, a=0, b=0)
    L, _, b, image, caption = explorer.children
    first_image, first_caption = image.value, caption.value
    assert first_image == viz.plot_gamut_slice(50, 0, 0).to_bytes()
    L.value = 80
    assert image.value == viz.plot_gamut_slice(80, 0, 0).to_bytes() != first_image
    assert caption.value != first_caption
    b.value = 999
    assert b.value == 110  # the slider's maximum


def test_hue_explorer_draws_the_chosen_square():
    net_d = PatchDiscriminator(base_channels=1).eval()
    rgb = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    explorer = widgets.explore_hue_shift(net_d, rgb, top=16, left=16, side=32)
    top, left, side, angle, image, caption = explorer.children
    assert (top.max, left.max, side.max, angle.value) == (80, 80, 96, 180)
    assert image.value == viz.plot_hue_shift(net_d, rgb, 16, 16, 32).to_bytes()
    left.value, angle.value = 48, 90
    assert image.value == viz.plot_hue_shift(net_d, rgb, 16, 48, 32, 90).to_bytes()
    assert "90 degrees" in caption.value


def test_compare_slider_moves_the_line_and_scales_the_colours():
    explorer = widgets.compare_slider(LAWN, Image.new("RGB", (40, 30), (200, 60, 60)))
    before, colour, image, caption = explorer.children
    seen = [image.value]
    before.value = 0
    seen.append(image.value)
    assert "at 0 %" in caption.value
    colour.value = 2
    seen.append(image.value)
    before.value = 100
    seen.append(image.value)
    assert len(set(seen)) == 4
    colour.value = 0.5  # no effect where all is gray
    assert image.value == seen[-1]


def test_turing_game_is_played_to_its_score():
    test = TuringTest(torch.zeros(3, 3, 8, 8), torch.rand(3, 3, 8, 8), seed=1)
    game = widgets.TuringGame(test)
    image, buttons, caption = game.children
    first = image.value
    assert caption.value.startswith("Pair 1 of 3")
    for i, letter in enumerate(test.truth):
        assert len(game.answers) == i and not buttons.children[0].disabled
        buttons.children["LR".index(letter)].click()
    assert image.value != first
    assert caption.value == f"{test.score(test.truth)}. The photos were: {test.truth}."
    assert all(button.disabled for button in buttons.children)
    buttons.children[0].click()  # a late click
    assert game.answers == test.truth
    assert repr(game) == "<TuringGame: run the notebook to play with 3 pairs>"


@pytest.mark.parametrize(
    "value",
    [
        {"lawn.png": {"metadata": {"name": "lawn.png"}, "content": encode(LAWN)}},  # ipywidgets 7
        ({"name": "lawn.png", "content": memoryview(encode(LAWN))},),  # ipywidgets 8
    ],
)
def test_upload_reads_files_of_each_ipywidgets_version(value, model):
    upload = widgets.PhotoUpload(model)
    upload.process(widgets._uploaded_files(value))
    assert upload.messages == ["lawn.png: coloured, 40 x 30 pixels"]
    assert upload.photo.size == upload.result.size == (40, 30) and len(model.photos) == 1
    explorer, link = upload.children[2].children
    assert isinstance(explorer, widgets.SliderExplorer)
    assert 'download="lawn-colorized.jpg" href="data:image/jpeg;base64,' in link.value


def test_upload_button_colorizes_its_files(model):
    upload = widgets.PhotoUpload(model)
    file = {"name": "a.png", "type": "image/png", "size": 9, "content": memoryview(encode(LAWN))}
    new = ({**file, "last_modified": datetime.now(UTC)},)
    if ipywidgets.__version__.startswith("7."):
        new = {"a.png": {"metadata": {}, "content": encode(LAWN)}}
    upload.children[0].set_trait("value", new)
    assert upload.photo.size == (40, 30)
    upload.children[0].set_trait("value", type(new)())  # the file is removed, the result stays
    assert upload.photo.size == (40, 30)


def test_upload_without_files_does_nothing(model):
    upload = widgets.PhotoUpload(model)
    assert upload.photo is upload.result is None and not model.photos
    upload.process([])
    assert upload.messages == [] and widgets.PhotoUpload(model, "  ").photo is None
    assert "a button for your own photos" in repr(upload)


def test_upload_names_bad_files_and_colorizes_the_others(model):
    heic = b"\0\0\0\x18ftypheic" + bytes(20)
    files = {"list.txt": b"eggs", "b.png": encode(LAWN), "IMG.HEIC": heic, "empty.jpg": b""}
    files["DSC.SRF"] = b"II*\0" + bytes(20)
    upload = widgets.PhotoUpload(model)
    upload.process(files.items())
    messages = upload.messages
    assert [message.split(" ")[0].rstrip(":") for message in messages] == list(files)
    assert "is not an image" in messages[0] and "HEIC" in messages[2] and "empty" in messages[3]
    assert "DSC.SRF is camera raw" in messages[4]
    assert upload.photo.size == (40, 30) and upload.children[1].value.count("<br>") == 4
    before = upload.result
    upload.process([("c.png", encode(LAWN)[:60])])
    assert upload.result is before


def test_upload_starts_with_a_path(model, tmp_path):
    LAWN.save(tmp_path / "lawn.png")
    assert widgets.PhotoUpload(model, str(tmp_path / "lawn.png")).photo.size == (40, 30)
    missing = widgets.PhotoUpload(model, str(tmp_path / "lown.png"))
    assert missing.photo is None and "did you mean lawn.png?" in missing.children[1].value
    assert "did you mean lawn.png?" in repr(missing)
    assert widgets.PhotoUpload(model, str(tmp_path)).photo is None


def test_upload_reduces_large_photos(model):
    upload = widgets.PhotoUpload(model, max_side=20)
    upload.process([("lawn.png", encode(LAWN))])
    assert model.photos[0].size == upload.result.size == (20, 15)
