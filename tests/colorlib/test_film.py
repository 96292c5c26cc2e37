"""Simulated film: what it sees, what time does to it, and that a colorizer is not misled by a tint."""

import pytest
import torch

from colorlib.color import rgb_to_lab
from colorlib.data import old_photo
from colorlib.metrics import gray_baseline


@pytest.fixture
def rgb():
    return torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(0))


def lamp(*rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


def test_what_a_computer_converts_is_the_lightness(rgb):
    gray = old_photo.to_film_gray(rgb, "eye").expand(-1, 3, -1, -1)
    assert (rgb_to_lab(gray)[:, 0] - rgb_to_lab(rgb)[:, 0]).abs().max() < 0.01
    assert (
        old_photo.simulate_old_photo(rgb, old_photo.OldPhotoEffect()) - gray_baseline(rgb)
    ).abs().max() < 1.1 / 255


def test_each_film_is_blind_to_its_own_lamps():
    red, green, blue = lamp(1.0, 0, 0), lamp(0, 1.0, 0), lamp(0, 0, 1.0)
    assert (
        old_photo.to_film_gray(red, "orthochromatic")
        == old_photo.to_film_gray(red, "blue")
        == old_photo.to_film_gray(green, "blue")
        == 0
    )
    assert old_photo.to_film_gray(blue, "blue") == pytest.approx(1, abs=1e-6)
    assert old_photo.to_film_gray(blue, "panchromatic") > old_photo.to_film_gray(blue, "eye")
    for name in old_photo.SPECTRAL_RESPONSES:  # grays stay what they are, whatever the film
        gray = torch.full((1, 3, 1, 1), 0.4)
        assert old_photo.to_film_gray(gray, name).item() == pytest.approx(0.4, abs=1e-4)


def test_a_faded_print_has_no_black_and_no_white(rgb):
    faded = old_photo.simulate_old_photo(rgb, old_photo.OldPhotoEffect(black=0.25, white=0.85))
    assert faded.min() >= 0.245 and faded.max() <= 0.855


def test_grain_has_its_size_and_leaves_the_mean():
    gray = torch.full((1, 3, 200, 200), 0.5)
    grainy = old_photo.simulate_old_photo(gray, old_photo.OldPhotoEffect(grain=0.06))[:, 0]
    assert grainy.std().item() == pytest.approx(0.06, rel=0.1)
    assert grainy.mean().item() == pytest.approx(0.5, abs=0.01)
    assert torch.equal(
        old_photo.simulate_old_photo(gray, old_photo.OldPhotoEffect(grain=0.06))[:, 0], grainy
    )
    assert not torch.equal(
        old_photo.simulate_old_photo(gray, old_photo.OldPhotoEffect(grain=0.06), seed=1)[:, 0],
        grainy,
    )


def test_a_sepia_print_is_brown_and_its_order_of_tones_is_kept():
    ladder = torch.linspace(0.1, 1, 10).view(1, 1, 1, 10).expand(1, 3, 4, 10)
    L, a, b = rgb_to_lab(
        old_photo.simulate_old_photo(ladder, old_photo.OldPhotoEffect(sepia=True))
    )[0, :, 0]
    assert (L.diff() > 0).all() and (b > 4).all() and (a.abs() < b).all()


def test_a_border_lies_around_the_photo_which_stays(rgb):
    how = old_photo.OldPhotoEffect(border=0.125, border_gray=0.0)
    framed, side = old_photo.simulate_old_photo(rgb, how), old_photo.border_width(rgb, how)
    assert side == 3 and framed.shape == (2, 3, 30, 38)
    assert torch.equal(
        framed[..., side:-side, side:-side],
        old_photo.simulate_old_photo(rgb, old_photo.OldPhotoEffect()),
    )
    assert framed[..., :side, :].max() == framed[..., -side:].max() == 0


def test_scratches_are_light_and_jpeg_has_blocks(rgb):
    plain = old_photo.simulate_old_photo(rgb * 0.3, old_photo.OldPhotoEffect())
    scratched = old_photo.simulate_old_photo(rgb * 0.3, old_photo.OldPhotoEffect(scratches=3))
    columns = (scratched != plain).any(dim=1).all(dim=1)
    assert 1 <= columns[0].sum() <= 3 and scratched[..., columns[0]].min() > 0.69
    assert not torch.equal(
        old_photo.simulate_old_photo(rgb, old_photo.OldPhotoEffect(jpeg=15)),
        old_photo.simulate_old_photo(rgb, old_photo.OldPhotoEffect()),
    )


def test_every_kind_can_be_made(rgb):
    for how in old_photo.PRESETS.values():
        assert old_photo.simulate_old_photo(rgb, how).shape[-1] == 32 + 2 * old_photo.border_width(
            rgb, how
        )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"response": "ortho"}, "expected one of eye, panchromatic"),
        ({"black": 0.9, "white": 0.8}, "black < white"),
    ],
)
def test_what_makes_no_print_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        old_photo.OldPhotoEffect(**wrong)
