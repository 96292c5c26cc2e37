"""The explorer draws again when a slider moves, and says in words what stands there."""

import torch

from colorlib import show, widgets
from colorlib.discriminators import PatchCritic
from colorlib.metrics import TuringTest


def test_a_slider_changes_the_picture_and_its_words():
    explorer = widgets.explore_lab(L=50, a=0, b=0)
    L, _, b, image, caption = explorer.children
    before, words = image.value, caption.value
    assert before == show.gamut(50, 0, 0).to_bytes()
    L.value = 80
    assert image.value == show.gamut(80, 0, 0).to_bytes() != before
    assert caption.value != words
    b.value = 999  # a slider keeps to its ends
    assert b.value == 110


def test_where_no_widget_can_stand_its_words_do():
    assert repr(widgets.explore_lab()) == "<Explorer: when the notebook runs, sliders for L, a, b stand here>"


def test_a_square_moves_over_a_photo():
    net_d = PatchCritic(width=1).eval()
    rgb = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    explorer = widgets.explore_recolored(net_d, rgb, top=16, left=16, side=32)
    top, left, side, turn, image, caption = explorer.children
    assert (top.max, left.max, side.max, turn.value) == (80, 80, 96, 180)
    assert image.value == show.recolored(net_d, rgb, 16, 16, 32).to_bytes()
    left.value, turn.value = 48, 90
    assert image.value == show.recolored(net_d, rgb, 16, 48, 32, 90).to_bytes()
    assert "90 degrees" in caption.value


def test_a_turing_test_is_played_to_its_score():
    test = TuringTest(torch.zeros(3, 3, 8, 8), torch.rand(3, 3, 8, 8), seed=1)
    game = widgets.Game(test)
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
