"""The hint painter without a browser: strokes, hints, results, undo and what is refused."""

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colorlib.colorizer import Colorizer
from colorlib.inference.hints import Hints, PointHint, colorize_with_hints, hint_radius
from colorlib.io.images import tensor_to_image
from colorlib.notebook import hint_painter
from colorlib.notebook.hint_painter import HintPainter, StrokeError
from colorlib.unet import UNet

WIDTH, HEIGHT = 60, 40
BLUE, RED = "#3a62c4", "#c03028"


@pytest.fixture(scope="module")
def photo():
    """Two even halves with a little noise, so that hints of one half stay in it."""
    gray = torch.full((3, HEIGHT, WIDTH), 0.3)
    gray[:, :, WIDTH // 2 :] = 0.7
    noise = torch.rand(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    return tensor_to_image(gray + 0.02 * noise)


@pytest.fixture(scope="module")
def model():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Colorizer(UNet(num_downs=3, base_channels=4), image_size=32)


def shown(url):
    """Return the picture of a data URL."""
    head, _, data = url.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def stroke(color, *points):
    return {"color": color, "points": [list(point) for point in points]}


def same(image, other):
    return image.tobytes() == other.tobytes()


@pytest.mark.parametrize("has_network", [False, True])
def test_result_is_that_of_the_plain_call(photo, model, has_network):
    network = model if has_network else None
    painter = HintPainter(photo, network)
    painter.strokes = [stroke(BLUE, (10, 20)), stroke(RED, (50, 5))]
    hints = Hints(points=[PointHint(10, 20, BLUE), PointHint(50, 5, RED)])
    assert painter.hints == hints
    assert same(painter.result, colorize_with_hints(network, photo, hints))
    assert painter.message == "2 strokes"
    left, right = painter.result.getpixel((20, 35)), painter.result.getpixel((40, 35))
    if not has_network:
        assert left[2] > left[0] and right[0] > right[2]


def test_without_strokes_the_result_is_gray_or_the_network_s(photo, model):
    painter = HintPainter(photo)
    assert painter.message == "no strokes" and painter.hints == Hints(points=[])
    pixels = np.array(painter.result)
    assert (pixels == pixels[..., :1]).all()
    assert same(HintPainter(photo, model).result, model(photo))


def test_undo_returns_to_each_earlier_result(photo):
    painter = HintPainter(photo)
    results = [painter.result]
    for point, color in (((10, 20), BLUE), ((50, 5), RED), ((12, 30), "green")):
        painter.strokes = [*painter.strokes, stroke(color, point)]
        results.append(painter.result)
    for result in reversed(results):
        assert same(painter.result, result)
        painter.undo()
    assert painter.strokes == [] and same(painter.result, results[0])


def test_the_front_end_s_messages_set_strokes(photo):
    painter = HintPainter(photo)
    runs, url = painter._num_runs, painter._result_url
    painter.set_state({"strokes": [stroke(BLUE, (10, 20), (14, 22))]})
    assert painter.message == "1 stroke" and painter._num_runs == runs + 1
    assert painter._result_url != url
    seen = np.array(shown(painter._result_url), float)
    assert np.abs(seen - np.array(painter.result)).mean() < 3  # JPEG


points = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))


@settings(max_examples=30, deadline=None)
@given(corners=st.lists(points, min_size=2, max_size=4))
def test_a_stroke_is_a_line_without_gaps_as_wide_as_a_point(corners):
    painter = HintPainter(Image.new("L", (WIDTH, HEIGHT), 128))
    painter.strokes = [stroke(BLUE, *corners)]
    mask = painter.hints.to_tensors(WIDTH, HEIGHT)[1][0, 0].numpy()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.full(mask.shape, np.inf)
    for (x0, y0), (x1, y1) in pairwise(corners):
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1)
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
        to_line = np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
        distance = np.minimum(distance, to_line)
    radius = hint_radius(WIDTH, HEIGHT)
    assert mask[distance < 0.5].all()
    assert not mask[distance > radius + 1].any()


@pytest.mark.parametrize("size", [(1000, 500), (30, 90), (384, 384)])
def test_front_end_gets_a_small_copy_and_strokes_have_the_photo_s_coordinates(size):
    painter = HintPainter(Image.new("RGB", size, (107, 107, 107)), max_side=200)
    scale = min(200 / max(size), 1)
    for url in (painter._photo_url, painter._result_url):
        assert shown(url).size == (round(scale * size[0]), round(scale * size[1]))
    assert painter._photo_size == list(size)
    corner = (size[0] - 1, size[1] - 1)
    painter.strokes = [stroke(BLUE, corner)]
    assert painter.result.size == size
    assert painter.result.getpixel(corner)[2] > 180


def test_photo_of_a_phone_is_painted_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # it must be turned by a quarter
    Image.new("RGB", (90, 30), "gray").save(tmp_path / "phone.jpg", exif=exif)
    painter = HintPainter(tmp_path / "phone.jpg")
    assert painter.photo.size == painter.result.size == (30, 90) == tuple(painter._photo_size)


BAD = {
    "the hint at 60,3 is outside of the photo; expected 0 to 59": stroke(BLUE, (60, 3)),
    "the hint at -1,3 is outside of every photo": stroke(BLUE, (5, 5), (-1, 3)),
    "the hint's colour is 'bluish'; expected #rrggbb": stroke("bluish", (5, 5)),
    "a stroke is {'color': '#3a62c4', 'points': []}; expected a dictionary": stroke(BLUE),
    "a stroke is {'color': 'red'}; expected a dictionary": {"color": "red"},
    "a stroke is 7; expected a dictionary": 7,
    "a stroke is {'color': '#3a62c4', 'points': [[nan, 3]]}; expected": stroke(
        BLUE, (float("nan"), 3)
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_bad_strokes_are_refused_and_the_others_stay(photo, sentence):
    painter = HintPainter(photo)
    good = [stroke(RED, (3, 3))]
    painter.strokes = good
    result = painter.result
    with pytest.raises(StrokeError, match=re.escape(sentence)):
        painter.strokes = [*good, BAD[sentence]]
    with pytest.raises(traitlets.TraitError):  # as the front end would send it
        painter.set_state({"strokes": [*good, BAD[sentence]]})
    assert painter.strokes == good and painter.result is result and painter.message == "1 stroke"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("the network predicts NaN; expected numbers"), "the network predicts NaN"),
        (MemoryError(), "memory ran out: expected a smaller photo"),
    ],
)
def test_what_goes_wrong_is_said_and_the_last_result_stays(photo, monkeypatch, error, message):
    painter = HintPainter(photo)
    result, runs = painter.result, painter._num_runs

    def fail(*args):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(hint_painter, "colorize_with_hints", fail)
        painter.strokes = [stroke(RED, (3, 3))]
    assert painter.message.startswith(message) and "\n" not in painter.message
    assert painter.result is result and painter._num_runs == runs + 1
    painter.strokes = [stroke(RED, (4, 4))]
    assert painter.message == "1 stroke" and painter.result is not result


def test_stored_output_is_one_short_line(photo):
    painter = HintPainter(photo)
    bundle = painter._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == "<HintPainter: run the notebook to paint on the photo>"
    assert len(str(data)) < 400


def test_front_end_needs_no_network():
    for text in (str(HintPainter._esm), str(HintPainter._css)):
        assert len(text) > 500
        assert "http" not in text and "import" not in text and "url(" not in text
