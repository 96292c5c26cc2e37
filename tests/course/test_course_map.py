"""The map of the course: one for each lesson, small, with words that name it."""

import io

import pytest
from PIL import Image

from course.tool import boilerplate_cells, course_config, course_map, notebooks

LESSONS = course_config.load(course_config.ROOT).lessons


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_each_lesson_has_its_map_and_is_named_in_its_words(lesson):
    assert lesson.number in course_map.BOXES
    data = (
        course_config.ROOT / boilerplate_cells.PICTURES / f"map_{lesson.number}.png"
    ).read_bytes()
    assert len(data) <= boilerplate_cells.MAP_LIMIT
    assert Image.open(io.BytesIO(data)).size == (course_map.WIDTH, course_map.HEIGHT)
    here = f"You are here: lesson {lesson.number}, {lesson.title}."
    assert course_map.alt(lesson.number, lesson.title).endswith(here)
    for tree in ("solutions", "lessons"):
        cells = notebooks.read(course_config.ROOT / tree / f"{lesson.name}.ipynb").cells
        assert here in next(cell.source for cell in cells if cell.id == "picture")


def test_every_lesson_of_the_figure_stands_in_its_words():
    for number, box in course_map.BOXES.items():
        assert box.title.split(",")[0].split("\n")[0].lower() in course_map.ALT.lower()
        assert f"{number})" in course_map.ALT
    for *_, words in course_map.REMARKS:
        assert words in course_map.ALT


def test_the_drawn_map_is_small_and_marks_its_own_box():
    pictures = [Image.open(io.BytesIO(course_map.draw(number))) for number in (3, 6)]
    for picture, number, other in zip(pictures, (3, 6), (6, 3), strict=True):
        assert picture.mode == "P"
        inside = [course_map.BOXES[place] for place in (number, other)]
        points = [picture.convert("RGB").getpixel((box.x + box.w - 8, box.y + 8)) for box in inside]
        assert points == [(255, 233, 168), (255, 255, 255)]
