"""The maps of the course and the pictures of lessons: small, with words that describe them."""

import argparse
import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from course.tool import boilerplate_cells, course_config, course_map, notebooks, pictures
from course.tool.cli import CourseError

LESSONS = course_config.load(course_config.ROOT).lessons
BOXES = {box["lesson"]: box for box in course_map.MAP["boxes"]}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_lesson_has_its_map_and_alt_text(lesson):
    folder = course_config.ROOT / boilerplate_cells.PICTURES
    data = (folder / f"map_{lesson.number}.webp").read_bytes()
    assert len(data) <= boilerplate_cells.MAP_LIMIT
    drawn = course_map.draw(lesson.number, LESSONS)
    stored = Image.open(io.BytesIO(data)).convert("RGB")
    assert np.array_equal(stored, drawn), "run python -m course pictures"
    here = f"You are here: lesson {lesson.number}, {lesson.title}."
    assert course_map.alt(lesson, LESSONS).endswith(here)
    for tree in ("solutions", "lessons"):
        cells = notebooks.read(course_config.ROOT / tree / f"{lesson.name}.ipynb").cells
        assert here in next(cell.source for cell in cells if cell.id == "picture")


def test_alt_text_names_every_part_of_the_map():
    text = course_map.MAP["alt"]
    for number, box in BOXES.items():
        assert box["title"].split(",")[0].split("\n")[0].lower() in text.lower()
        assert f"{number})" in text
    for label in course_map.MAP["labels"]:
        assert label["text"] in text


def test_drawn_map_has_few_colors_and_marks_one_box():
    for number, other in ((3, 6), (6, 3)):
        picture = course_map.draw(number, LESSONS)
        assert len(picture.getcolors()) <= 48
        colors = []
        for x, y, width, _ in (BOXES[number]["place"], BOXES[other]["place"]):
            colors.append(picture.getpixel((x + width - 8, y + 8)))
        assert colors == [(255, 233, 168), (255, 255, 255)]


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_map_finds_a_place_for_every_new_lesson(count):
    new = [
        dataclasses.replace(
            LESSONS[-1], name=f"{len(LESSONS) + n:02d}_new", title=f"A subject number {n}"
        )
        for n in range(count)
    ]
    lessons = [*LESSONS, *new]
    width, height = course_map.MAP["width"], course_map.height(lessons)
    places = [box["place"] for box in course_map.boxes(lessons)]
    assert len(places) == len(lessons)
    for index, (x, y, w, h) in enumerate(places):
        assert x >= 0 and x + w <= width and y >= 0 and y + h <= height
        for other_x, other_y, other_w, other_h in places[:index]:
            apart_x = x >= other_x + other_w or other_x >= x + w
            assert apart_x or y >= other_y + other_h or other_y >= y + h
    drawn = course_map.draw(9, lessons)
    assert drawn.size == (width, height)
    assert len(course_map.encode(drawn)) <= boilerplate_cells.MAP_LIMIT
    assert all(f"{one.title} ({one.number})" in course_map.alt(new[0], lessons) for one in new)


def test_pictures_on_a_clean_clone_writes_nothing(tiny, capsys):
    args = argparse.Namespace(readme=False, lesson=None, cell=None, crop=None)
    pictures.main(args, tiny.root)
    file = tiny.root / "course/pictures/map_1.webp"
    Image.open(file).save(file, "WEBP", lossless=True, quality=0, method=0)  # other bytes
    before = file.read_bytes()
    capsys.readouterr()
    pictures.main(args, tiny.root)
    assert file.read_bytes() == before
    assert capsys.readouterr().out == "course/pictures/map_1.webp unchanged\n"


def make_picture(tiny, cell, crop=None):
    args = argparse.Namespace(readme=False, lesson="01_tiny", cell=cell, crop=crop)
    return pictures.main(args, tiny.root)


def test_picture_of_lesson_is_its_figure_cropped_and_small(tiny):
    file = io.BytesIO()
    Image.effect_noise((900, 600), 90).convert("RGB").save(file, "PNG")
    with tiny.edit() as nb:
        data = {"image/png": base64.b64encode(file.getvalue()).decode()}
        output = {"output_type": "display_data", "data": data, "metadata": {}}
        tiny.cell(nb, "three").outputs = [notebooks.nbformat.from_dict(output)]
    assert make_picture(tiny, "three", [0, 0, 600, 300]) == 0
    data = (tiny.root / "course/pictures/01_tiny.webp").read_bytes()
    width, height = Image.open(io.BytesIO(data)).size
    assert len(data) <= pictures.MAX_BYTES and width == pytest.approx(2 * height, abs=2)


@pytest.mark.parametrize("cell", ["see", "answer-1", "lost", None])
def test_cell_without_picture_raises(tiny, cell):
    with pytest.raises(CourseError, match="shows no picture: name another cell"):
        make_picture(tiny, cell)


def test_readme_picture_shows_the_pretrained_model_between_gray_and_truth():
    picture = Image.open(io.BytesIO(pictures.draw_readme()))
    assert picture.format == "JPEG"
    column = picture.width // 3
    gray, predicted, truth = (
        np.asarray(picture.crop((k * column, 40, (k + 1) * column, picture.height)))
        for k in range(3)
    )
    parts = gray, predicted, truth
    colourful = [float(np.ptp(part.astype(int), axis=2).mean()) for part in parts]
    assert colourful[0] < 2 < 10 < colourful[1] < colourful[2]
