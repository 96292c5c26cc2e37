"""The explorer draws again when a slider moves, and says in words what stands there."""

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


def test_a_slider_changes_the_picture_and_its_words():
    explorer = widgets.explore_lab(L=50, a=0, b=0)
    L, _, b, image, caption = explorer.children
    before, words = image.value, caption.value
    assert before == viz.plot_gamut_slice(50, 0, 0).to_bytes()
    L.value = 80
    assert image.value == viz.plot_gamut_slice(80, 0, 0).to_bytes() != before
    assert caption.value != words
    b.value = 999  # a slider keeps to its ends
    assert b.value == 110


def test_where_no_widget_can_stand_its_words_do():
    assert (
        repr(widgets.explore_lab())
        == "<Explorer: when the notebook runs, sliders for L, a, b stand here>"
    )


def test_a_square_moves_over_a_photo():
    net_d = PatchDiscriminator(width=1).eval()
    rgb = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    explorer = widgets.explore_hue_shift(net_d, rgb, top=16, left=16, side=32)
    top, left, side, turn, image, caption = explorer.children
    assert (top.max, left.max, side.max, turn.value) == (80, 80, 96, 180)
    assert image.value == viz.plot_hue_shift(net_d, rgb, 16, 16, 32).to_bytes()
    left.value, turn.value = 48, 90
    assert image.value == viz.plot_hue_shift(net_d, rgb, 16, 48, 32, 90).to_bytes()
    assert "90 degrees" in caption.value


def test_a_turing_test_is_played_to_its_score():
    test = TuringTest(torch.zeros(3, 3, 8, 8), torch.rand(3, 3, 8, 8), seed=1)
    game = widgets.TuringGame(test)
    image, buttons, caption = game.children
    first = image.value
    assert caption.value.startswith("Pair 1 of 3")
    for place, letter in enumerate(test.truth):
        assert len(game.answers) == place and not buttons.children[0].disabled
        buttons.children["LR".index(letter)].click()
    assert image.value != first
    assert caption.value == f"{test.score(test.truth)}. The photos were: {test.truth}."
    assert all(button.disabled for button in buttons.children)
    buttons.children[0].click()  # a click that was already under way
    assert game.answers == test.truth
    assert repr(game) == "<Game: when the notebook runs, 3 pairs stand here, one at a time>"


def as_file(picture, kind="PNG"):
    picture.save(file := io.BytesIO(), kind)
    return file.getvalue()


@pytest.fixture
def paint():
    """A model that paints everything red, and what it was given."""
    given = []

    def model(photo):
        given.append(photo)
        return Image.new("RGB", photo.size, (200, 60, 60))

    model.given = given
    return model


LAWN = Image.new("RGB", (40, 30), (90, 120, 60))


@pytest.mark.parametrize(
    "value",
    [
        {"lawn.png": {"metadata": {"name": "lawn.png"}, "content": as_file(LAWN)}},  # ipywidgets 7
        ({"name": "lawn.png", "content": memoryview(as_file(LAWN))},),  # ipywidgets 8
    ],
)
def test_an_upload_is_read_whatever_the_version_of_ipywidgets(value, paint):
    upload = widgets.PhotoUpload(paint)
    upload.take(widgets._files(value))
    assert upload.said == ["lawn.png: coloured, 40 x 30 pixels"]
    assert upload.photo.size == upload.result.size == (40, 30) and len(paint.given) == 1
    explorer, link = upload.children[2].children
    assert isinstance(explorer, widgets.SliderExplorer)
    assert 'download="lawn-colorized.jpg" href="data:image/jpeg;base64,' in link.value


def test_the_button_itself_leads_there(paint):
    upload = widgets.PhotoUpload(paint)
    file = {"name": "a.png", "type": "image/png", "size": 9, "content": memoryview(as_file(LAWN))}
    new = ({**file, "last_modified": datetime.now(UTC)},)
    if ipywidgets.__version__.startswith("7."):
        new = {"a.png": {"metadata": {}, "content": as_file(LAWN)}}
    upload.children[0].set_trait("value", new)
    assert upload.photo.size == (40, 30)
    upload.children[0].set_trait("value", type(new)())  # taken away again: what was coloured stays
    assert upload.photo.size == (40, 30)


def test_nothing_uploaded_and_no_path_is_no_error(paint, tmp_path):
    upload = widgets.PhotoUpload(paint)
    assert upload.photo is upload.result is None and not paint.given
    upload.take([])
    assert upload.said == [] and widgets.PhotoUpload(paint, "  ").photo is None
    assert "a button for your own photos" in repr(upload)


def test_a_file_that_is_no_photo_is_named_and_the_others_are_coloured(paint):
    heic = b"\0\0\0\x18ftypheic" + bytes(20)
    files = [
        ("list.txt", b"eggs"),
        ("b.png", as_file(LAWN)),
        ("IMG.HEIC", heic),
        ("empty.jpg", b""),
    ]
    upload = widgets.PhotoUpload(paint)
    upload.take(files)
    said = upload.said
    assert [line.split(" ")[0] for line in said] == ["list.txt", "b.png:", "IMG.HEIC", "empty.jpg"]
    assert "is not an image" in said[0] and "HEIC" in said[2] and "empty" in said[3]
    assert upload.photo.size == (40, 30) and upload.children[1].value.count("<br>") == 3
    before = upload.result
    upload.take([("c.png", as_file(LAWN)[:60])])
    assert upload.result is before


def test_a_path_is_a_photo_or_a_sentence(paint, tmp_path):
    LAWN.save(tmp_path / "lawn.png")
    assert widgets.PhotoUpload(paint, str(tmp_path / "lawn.png")).photo.size == (40, 30)
    missing = widgets.PhotoUpload(paint, str(tmp_path / "lown.png"))
    assert missing.photo is None and "did you mean lawn.png?" in missing.children[1].value
    assert "did you mean lawn.png?" in repr(missing)
    assert widgets.PhotoUpload(paint, str(tmp_path)).photo is None


def test_a_large_photo_is_made_smaller(paint):
    upload = widgets.PhotoUpload(paint, side=20)
    upload.take([("lawn.png", as_file(LAWN))])
    assert paint.given[0].size == upload.result.size == (20, 15)


def test_a_line_moves_across_a_photo_and_a_knob_turns_its_colours():
    explorer = widgets.compare_slider(LAWN, Image.new("RGB", (40, 30), (200, 60, 60)))
    before, colour, image, caption = explorer.children
    first = image.value
    before.value = 0
    assert image.value != first and "at 0 %" in caption.value
    second = image.value
    colour.value = 2
    assert image.value != second
    before.value, all_gray = 100, image.value
    assert all_gray != image.value
    third = image.value
    colour.value = 0.5  # no colour is left to turn
    assert image.value == third
