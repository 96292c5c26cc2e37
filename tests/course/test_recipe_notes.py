"""What texts say of recipes comes from the recipes."""

import pytest

from colorlib.recipes import RECIPES
from course.tool import recipe_notes, regions
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

PAPERS = sorted({recipe.paper for recipe in RECIPES.values()})


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_has_every_recipe_and_every_note_but_those_of_all(paper):
    text, common = recipe_notes.notes(paper), recipe_notes.notes("all")
    for recipe in RECIPES.values():
        assert (f"- `{recipe.name}`: {recipe.system}." in text) == (recipe.paper == paper)
        if recipe.paper == paper:
            for value, choice in recipe.open.items():
                row = f"| {value} | {choice} |"
                assert (row in text) != (row in common)
    widths = {line.count(" | ") for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_a_note_names_the_recipes_that_it_is_of():
    text = recipe_notes.notes("002")
    row = next(line for line in text.splitlines() if line.startswith("| tuning |"))
    assert row.endswith("| `p2-mobilenetv2-rgb`, `p2-densenet121-rgb` |")


def test_a_region_is_filled_and_a_paper_that_there_is_not_is_named(tmp_path):
    text = "<!-- recipes: 003 -->\nold\n<!-- end recipes -->\n"
    filled = regions.fill(text, "x", tmp_path)
    assert recipe_notes.notes("003") in filled and "old" not in filled
    assert regions.fill(filled, "x", tmp_path) == filled
    with pytest.raises(
        CourseError, match=r"^x: there are no recipes of '009': write one of all, 000"
    ):
        regions.fill(text.replace("003", "009"), "x", tmp_path)
    with pytest.raises(CourseError, match="closes nothing"):
        regions.fill("<!-- end recipes -->", "x", tmp_path)


def test_the_page_of_the_papers_has_all_of_them():
    text = (ROOT / "course/papers.md").read_text("utf-8")
    names = [
        region.name for region in regions.find(text, "course/papers.md") if region.kind == "recipes"
    ]
    assert names == ["all", "000", "001", "002", "003", "004", "tutorial"]
    for name in RECIPES:
        assert f"`{name}`" in text
