"""The forms for issues are what GitHub reads: a broken one is dropped there without a word."""

import re

import pytest
import yaml

from course.tool.course_config import ROOT

FOLDER = ROOT / ".github/ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "config.yml")
NEEDS = {  # a type of field, what it must say, what it may say
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def form(path):
    return yaml.safe_load(path.read_text("utf-8"))


def test_there_is_a_form_for_each_kind_of_question():
    assert [path.stem for path in FORMS] == ["1-lesson", "2-library", "3-idea"]
    assert set(form(FOLDER / "config.yml")) <= {"blank_issues_enabled", "contact_links"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_accepts(path):
    raw = form(path)
    assert set(raw) == {"name", "description", "title", "labels", "body"}
    assert all(isinstance(raw[key], str) and raw[key].strip() for key in ("name", "description"))
    fields = [field for field in raw["body"] if field["type"] != "markdown"]
    ids, labels = (
        [field["id"] for field in fields],
        [field["attributes"]["label"] for field in fields],
    )
    assert fields and len(set(ids)) == len(ids) and len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in ids)
    for field in raw["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        needed, allowed = NEEDS[field["type"]]
        assert needed <= set(field["attributes"]) <= needed | allowed
        for option in field["attributes"].get("options", []):
            assert isinstance(option, str) and option, (
                f"{option!r}: YAML reads Yes and No as true and false"
            )
        assert field.get("validations", {"required": True}) == {"required": True}


def test_the_form_for_a_lesson_asks_what_is_needed_to_repeat_it():
    fields = {field.get("id") for field in form(FORMS[0])["body"]}
    assert {"lesson", "cell", "where", "report"} <= fields


def test_pull_requests_are_asked_for_the_test_command():
    assert "`make test`" in (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text("utf-8")
