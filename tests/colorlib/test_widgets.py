"""The explorer draws again when a slider moves, and says in words what stands there."""

from colorlib import show, widgets


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
