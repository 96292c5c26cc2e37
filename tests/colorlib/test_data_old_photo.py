"""Simulated old photos."""

import pytest
import torch

from colorlib.color import rgb_to_lab
from colorlib.data.old_photo import (
    PRESETS,
    SPECTRAL_RESPONSES,
    OldPhotoEffect,
    border_width,
    simulate_old_photo,
    to_film_gray,
    use_random_film,
)
from colorlib.metrics import gray_baseline


@pytest.fixture
def rgb():
    return torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(0))


def lamp(*rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


def test_eye_response_is_the_lightness(rgb):
    gray = to_film_gray(rgb, "eye").expand(-1, 3, -1, -1)
    assert (rgb_to_lab(gray)[:, 0] - rgb_to_lab(rgb)[:, 0]).abs().max() < 0.01
    assert (simulate_old_photo(rgb, OldPhotoEffect()) - gray_baseline(rgb)).abs().max() < 1.1 / 255


def test_films_are_blind_to_their_colors():
    red, green, blue = lamp(1.0, 0, 0), lamp(0, 1.0, 0), lamp(0, 0, 1.0)
    assert (
        to_film_gray(red, "orthochromatic")
        == to_film_gray(red, "blue")
        == to_film_gray(green, "blue")
        == 0
    )
    assert to_film_gray(blue, "blue") == pytest.approx(1, abs=1e-6)
    assert to_film_gray(blue, "panchromatic") > to_film_gray(blue, "eye")
    for name in SPECTRAL_RESPONSES:  # no film changes gray
        gray = torch.full((1, 3, 1, 1), 0.4)
        assert to_film_gray(gray, name).item() == pytest.approx(0.4, abs=1e-4)


def test_faded_print_has_no_black_and_no_white(rgb):
    faded = simulate_old_photo(rgb, OldPhotoEffect(black=0.25, white=0.85))
    assert faded.min() >= 0.245 and faded.max() <= 0.855


def test_grain_has_its_strength_and_keeps_the_mean():
    gray = torch.full((1, 3, 200, 200), 0.5)
    grainy = simulate_old_photo(gray, OldPhotoEffect(grain=0.06))[:, 0]
    assert grainy.std().item() == pytest.approx(0.06, rel=0.1)
    assert grainy.mean().item() == pytest.approx(0.5, abs=0.01)
    assert torch.equal(simulate_old_photo(gray, OldPhotoEffect(grain=0.06))[:, 0], grainy)
    assert not torch.equal(
        simulate_old_photo(gray, OldPhotoEffect(grain=0.06), seed=1)[:, 0],
        grainy,
    )


def test_sepia_is_brown_and_keeps_the_order_of_tones():
    ladder = torch.linspace(0.1, 1, 10).view(1, 1, 1, 10).expand(1, 3, 4, 10)
    L, a, b = rgb_to_lab(simulate_old_photo(ladder, OldPhotoEffect(sepia=True)))[0, :, 0]
    assert (L.diff() > 0).all() and (b > 4).all() and (a.abs() < b).all()


def test_border_surrounds_the_unchanged_photo(rgb):
    effect = OldPhotoEffect(border=0.125, border_gray=0.0)
    framed, side = simulate_old_photo(rgb, effect), border_width(rgb, effect)
    assert side == 3 and framed.shape == (2, 3, 30, 38)
    assert torch.equal(
        framed[..., side:-side, side:-side],
        simulate_old_photo(rgb, OldPhotoEffect()),
    )
    assert framed[..., :side, :].max() == framed[..., -side:].max() == 0


def test_scratches_are_light_and_jpeg_has_blocks(rgb):
    plain = simulate_old_photo(rgb * 0.3, OldPhotoEffect())
    scratched = simulate_old_photo(rgb * 0.3, OldPhotoEffect(scratches=3))
    columns = (scratched != plain).any(dim=1).all(dim=1)
    assert 1 <= columns[0].sum() <= 3 and scratched[..., columns[0]].min() > 0.69
    assert not torch.equal(
        simulate_old_photo(rgb, OldPhotoEffect(jpeg=15)),
        simulate_old_photo(rgb, OldPhotoEffect()),
    )


def test_presets_can_be_simulated(rgb):
    for effect in PRESETS.values():
        assert simulate_old_photo(rgb, effect).shape[-1] == 32 + 2 * border_width(rgb, effect)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"response": "ortho"}, "expected one of eye, panchromatic"),
        ({"black": 0.9, "white": 0.8}, "black < white"),
    ],
)
def test_old_photo_effect_wrong_values_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        OldPhotoEffect(**wrong)


def test_random_film_changes_a_share_of_the_lightness_and_no_colours():
    rgb = torch.rand(400, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    lab = rgb_to_lab(rgb)
    film = use_random_film(lab, rgb, range(400), seed=0, epoch=2, share=0.3)
    assert torch.equal(film[:, 1:], lab[:, 1:])
    changed = (film[:, 0] != lab[:, 0]).flatten(1).any(dim=1)
    assert 0.24 < changed.float().mean() < 0.36
    none = use_random_film(lab, rgb, range(400), seed=0, epoch=2, share=0)
    assert torch.equal(none, lab)


def test_random_film_depends_on_seed_epoch_and_index_only(rgb):
    lab, rgb = rgb_to_lab(rgb[:1]).repeat(3, 1, 1, 1), rgb[:1].repeat(3, 1, 1, 1)
    film = use_random_film(lab, rgb, [4, 7, 4], seed=0, epoch=0, share=1)
    assert torch.equal(film[0], film[2]) and not torch.equal(film[0], film[1])
    alone = use_random_film(lab[:1], rgb[:1], [7], seed=0, epoch=0, share=1)
    assert torch.equal(alone[0], film[1])
    for seed, epoch in ((1, 0), (0, 1)):
        other = use_random_film(lab[:1], rgb[:1], [7], seed, epoch, share=1)
        assert not torch.equal(other, alone)


def test_random_film_keeps_the_order_of_grays_but_for_grain():
    gray = torch.linspace(0, 1, 64).view(1, 1, 1, 64).expand(1, 3, 64, 64)
    lab = rgb_to_lab(gray)
    for index in range(20):
        film = use_random_film(lab, gray, [index], seed=0, epoch=0, share=1)[0, 0]
        tones = film.mean(dim=0)  # the grain has mean 0
        assert tones[0] < 30 < 75 < tones[-1]
        assert (tones[8:] > tones[:-8] + 1).all()
