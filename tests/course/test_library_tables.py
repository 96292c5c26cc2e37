"""Tables of data sets and recipes in texts come from the library."""

import tomllib

import pytest

from colorlib.recipes import CITED, RECIPES
from course.tool import library_tables, placeholders
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

EVERYTHING = [*RECIPES.values(), *CITED.values()]
PAPERS = sorted({recipe.paper for recipe in EVERYTHING})


def names_in(file, kind):
    text = (ROOT / file).read_text("utf-8")
    return [place.name for place in placeholders.find(text, file) if place.kind == kind]


@pytest.mark.parametrize("paper", PAPERS)
def test_paper_has_its_recipes_and_its_own_notes(paper):
    text, shared = library_tables.recipe_notes(paper), library_tables.recipe_notes("all")
    for recipe in EVERYTHING:
        assert (f"- `{recipe.name}`: {recipe.description}." in text) == (recipe.paper == paper)
        if recipe.paper == paper:
            for value, choice in recipe.unspecified.items():
                row = f"| {value} | {choice} |"
                assert (row in text) != (row in shared)
    widths = {line.count(" | ") for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_note_names_the_recipes_that_have_it():
    lines = library_tables.recipe_notes("002").splitlines()
    row = next(line for line in lines if line.startswith("| tuning |"))
    assert row.endswith("| `p2-mobilenetv2-rgb`, `p2-densenet121-rgb` |")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- recipes: 009 -->\n<!-- end recipes -->", "^x: there are no recipes of '009': write"),
        ("<!-- data: mars -->\n<!-- end data -->", "no data set 'mars': write one of photos, coco"),
    ],
)
def test_unknown_name_raises(tmp_path, text, message):
    with pytest.raises(CourseError, match=message):
        placeholders.fill(text, "x", tmp_path)


@pytest.mark.parametrize("name", library_tables.data_card_names())
def test_data_card_has_licence_and_credit(name):
    text = library_tables.data_card(name)
    file = "sample_photos.toml" if name == "photos" else "catalog.toml"
    known = tomllib.loads((ROOT / "colorlib/data" / file).read_text("utf-8"))
    entries = known.values() if name == "photos" else [known[name]]
    for entry in entries:
        assert entry["licence"] in text and entry.get("credit", entry.get("citation")) in text
    widths = {line.replace("\\|", "").count("|") for line in text.splitlines()}
    assert len(widths) == 1


def test_data_card_counts_only_the_photos_of_its_folders():
    card = library_tables.data_card("yosemite")
    assert "| 1,540, in `summer2winter_yosemite/trainA`" in card


def test_texts_have_every_data_set_and_every_paper():
    assert names_in("course/data-cards.md", "data") == library_tables.data_card_names()
    papers = names_in("course/papers.md", "recipes")
    assert papers == ["all", "000", "001", "002", "003", "004", "tutorial", "cited"]
    text = (ROOT / "course/papers.md").read_text("utf-8")
    assert [name for name in [*RECIPES, *CITED] if f"`{name}`" not in text] == []
