"""The forms for issues are valid: GitHub drops a broken one without a message."""

import re

import pytest
import yaml

from course.tool.course_config import ROOT

FOLDER = ROOT / ".github/ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "config.yml")
ATTRIBUTES = {  # of each type of field: required ones, optional ones
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def load(path):
    return yaml.safe_load(path.read_text("utf-8"))


def test_forms_and_request_template_exist():
    assert [path.stem for path in FORMS] == ["1-lesson", "2-library", "3-idea"]
    assert set(load(FOLDER / "config.yml")) <= {"blank_issues_enabled", "contact_links"}
    assert "`make test`" in (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text("utf-8")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_form_is_valid_for_github(path):
    form = load(path)
    assert set(form) == {"name", "description", "title", "labels", "body"}
    assert all(isinstance(form[key], str) and form[key].strip() for key in ("name", "description"))
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    labels = [field["attributes"]["label"] for field in fields]
    assert fields and len(set(ids)) == len(ids) and len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in ids)
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        required, optional = ATTRIBUTES[field["type"]]
        assert required <= set(field["attributes"]) <= required | optional
        for option in field["attributes"].get("options", []):  # YAML reads Yes and No as booleans
            assert isinstance(option, str) and option
        assert field.get("validations", {"required": True}) == {"required": True}


def test_lesson_form_asks_what_is_needed_to_reproduce():
    fields = {field.get("id") for field in load(FORMS[0])["body"]}
    assert {"lesson", "cell", "where", "report"} <= fields
