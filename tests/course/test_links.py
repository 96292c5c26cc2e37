"""Every link leads somewhere: to a file, to a heading, to a server."""

import argparse

import pytest

from course.tool import links
from course.tool.course_config import ROOT
from course.tool.lints.links import all_links, anchors, internal_links, targets

NOTES = "course/notes.md"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](b.md) ![c](d.png) <img src='e.jpg'>", ["b.md", "d.png", "e.jpg"]),
        ('[f](<g.md> "title")', ["g.md"]),
        ("see https://a.org/x_y, and (<https://b.org/>)", ["https://a.org/x_y", "https://b.org/"]),
        ("`[a](b)` [x](data:image/png;base64,aa) f(x)[0](y z)", []),
        ("[a]: b.md\n[c]: https://d.org", ["b.md", "https://d.org"]),
        ("[![alt](a.svg)](b.ipynb)", ["a.svg", "b.ipynb"]),
    ],
)
def test_targets_of_a_text(text, expected):
    assert targets(text) == expected


def test_anchors_are_githubs_names_of_headings(tmp_path):
    file = tmp_path / "a.md"
    text = "# One · two!\n\n## `code` and_x\n\n## Again\n\n## Again\n\n```\n# no heading\n```\n"
    file.write_text(text, "utf-8")
    assert anchors(file) == {"one--two", "code-and_x", "again", "again-1"}


def dead(tiny, notes=None):
    if notes:
        (tiny.root / NOTES).write_text(notes, "utf-8")
    return [str(finding) for finding in internal_links(tiny.root)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a](lost.md)", "the link 'lost.md' leads to no file"),
        ("[a](../README.md#nothing)", "leads to no heading of README.md"),
        ("[a](#nothing)", "leads to no heading of notes.md"),
        ("[a](../../outside.md)", "leaves the project"),
        ("[a](../lessons/01_tiny.ipynb#Quizz)", "leads to no heading of 01_tiny.ipynb"),
    ],
)
def test_dead_link_in_text_is_named_with_its_line(tiny, text, message):
    (line,) = dead(tiny, f"# Notes\n\n```\n[a](b)\n```\n\n{text}\n")
    assert line.startswith(f"{NOTES}: line 7: ") and message in line


def test_good_links_are_not_reported(tiny):
    notebook = "../lessons/01_tiny.ipynb#Quiz"
    text = f"# Notes\n\n[a](../README.md) [b](#notes) [c]({notebook}) [d](..) [e](https://x.y)"
    assert dead(tiny, text) == []


def test_dead_link_in_notebook_is_named_in_both_trees(tiny):
    tiny.replace("saw", "nine", "[nine](../nine.md)")
    tiny.build()
    assert [line.partition(": the")[0] for line in dead(tiny)] == [
        "solutions/01_tiny.ipynb: cell 7 (saw)",
        "lessons/01_tiny.ipynb: cell 7 (saw)",
    ]


def test_links_to_the_own_repository_are_looked_up_here(tiny):
    tiny.build(repository="ada/colour")
    assert dead(tiny) == []
    tiny.replace("wrong", "Little", "[Little](../lost.md)")
    tiny.build()
    assert [line.split(": ")[0] for line in dead(tiny)] == [
        "solutions/01_tiny.ipynb",
        "lessons/01_tiny.ipynb",
    ]


def test_course_has_no_dead_link():
    assert list(internal_links(ROOT)) == []
    assert len(list(all_links(ROOT))) > 50


def test_command_asks_each_address_and_prints_dead_ones(tiny, capsys, monkeypatch):
    (tiny.root / NOTES).write_text("[a](https://a.org/x#y) [b](https://b.org/)\n", "utf-8")
    asked = []

    def find_problem(address):
        asked.append(address)
        return "gone" if "a.org" in address else None

    monkeypatch.setattr(links, "find_problem", find_problem)
    assert links.main(argparse.Namespace(), tiny.root) == 1
    assert "https://a.org/x" in asked and not any("OWNER/NAME" in address for address in asked)
    assert capsys.readouterr().out.startswith(f"{NOTES}: line 1: https://a.org/x: gone\n")
    monkeypatch.setattr(links, "find_problem", lambda address: "no answer (refused)")
    assert links.main(argparse.Namespace(), tiny.root) == 1
    assert capsys.readouterr().out.startswith("No address answered: is there a network?")


def test_missing_server_is_no_answer():
    assert links.find_problem("http://127.0.0.1:9/").startswith("no answer (")
