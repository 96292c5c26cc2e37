"""The texts around the notebooks say what is so: messages, commands, terms, places."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
from course.tool.lints.reading import FENCE

from colorlib import cli
from course.tool import course_config
from course.tool.cli import COMMANDS
from course.tool.course_config import ROOT

TEXTS = sorted((ROOT / "course").glob("*.md"))


def read(name):
    return (ROOT / "course" / name).read_text("utf-8")


def strings():
    """Every text in the library's code; what stands in braces ends one and begins the next."""
    found = {"CUDA out of memory", "No space left on device"}  # PyTorch's and the system's own
    for path in (ROOT / "colorlib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    found.add((ROOT / "Makefile").read_text("utf-8"))
    found.add((ROOT / "course/tool/templates/setup.py.jinja").read_text("utf-8"))
    return found


def quoted():
    """What the page quotes in its left column, cut where a word changes from case to case."""
    for line in FENCE.sub("", read("troubleshooting.md")).splitlines():
        cells = line.split(" | ")
        if line.startswith("| ") and len(cells) == 3:
            for words in re.findall(r"`([^`]+)`|\"([^\"]+)\"", cells[0]):
                yield from (part.strip(" ;:,()") for part in "".join(words).split("…"))


def test_every_message_that_the_page_quotes_is_one_of_the_librarys():
    known, parts = strings(), [part for part in quoted() if len(part) > 6]
    assert len(parts) > 70
    own = {"colorlib", "notebook not found", "NotImplementedError"}
    assert [
        part for part in parts if part not in own and not any(part in text for text in known)
    ] == []


def entries():
    return re.findall(r"(?m)^- \*\*(.+?)\*\*: (.+)$", read("glossary.md"))


def test_terms_are_sorted_and_stand_once():
    terms = [term.casefold() for term, _ in entries()]
    assert len(terms) > 80
    assert all(before < after for before, after in pairwise(terms))


@pytest.mark.parametrize(("term", "text"), entries())
def test_a_term_is_short_and_leads_to_its_lessons(term, text):
    numbers = re.findall(r"\[(\d+)\]", text)
    assert numbers and numbers == sorted(set(numbers))
    assert {int(number) for number in numbers} <= {
        lesson.number for lesson in course_config.load(ROOT).lessons
    }
    assert len(text.split()) <= 40 and text[0] == text[0].upper()


def test_the_glossary_leads_to_every_lesson():
    links = dict(re.findall(r"(?m)^\[(\d+)\]: \.\./lessons/(\S+)\.ipynb$", read("glossary.md")))
    assert links == {str(lesson.number): lesson.name for lesson in course_config.load(ROOT).lessons}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_that_a_text_names_are_there(path):
    text = path.read_text("utf-8")
    targets = set(re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"))[1].split())
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert set(re.findall(r"python -m course ([a-z-]+)", text)) <= COMMANDS.keys()
    named = set(re.findall(r"`colorlib ([a-z]+)", text)) - {"is"}  # "colorlib is not installed"
    assert named <= set(cli.COMMANDS)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_text_has_one_title_and_no_place_of_one_machine(path):
    text = FENCE.sub("", path.read_text("utf-8"))
    assert len(re.findall(r"(?m)^# ", text)) == 1
    assert not re.search(r"(?<![\w./])/(home|tmp|work|content)/", text)


def test_the_guide_speaks_of_every_lesson():
    text = read("instructor-guide.md")
    for lesson in course_config.load(ROOT).lessons:
        section = text.partition(f"\n## Lesson {lesson.number} · {lesson.title}\n")[2].partition(
            "\n## "
        )[0]
        assert all(f"**{word}.**" in section for word in ("Hard", "Show", "Time", "Adapt", "Skip"))


def test_the_readme_leads_to_every_text():
    text = (ROOT / "README.md").read_text("utf-8")
    assert [path.name for path in TEXTS if f"(course/{path.name})" not in text] == []


def test_accessibility_names_lints_that_are_there():
    for module, name in re.findall(r"`(texts|links)\.(\w+)`", read("accessibility.md")):
        assert f"def {name}(" in Path(ROOT, f"course/tool/lints/{module}.py").read_text("utf-8")
