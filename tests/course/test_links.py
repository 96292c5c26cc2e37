"""Every link leads somewhere: to a file, to a heading, to a server."""

import argparse

import pytest

from course.tool import links
from course.tool.course_config import ROOT
from course.tool.lints.links import anchors, every, internal_links, targets


def said(tiny):
    return [str(finding) for finding in internal_links(tiny.root)]


def test_what_is_a_link():
    assert targets("[a](b.md) ![c](d.png) <img src='e.jpg'> [f](<g.md> \"title\")") == [
        "b.md",
        "d.png",
        "g.md",
        "e.jpg",
    ]
    assert targets("see https://a.org/x_y, and (<https://b.org/>)") == [
        "https://a.org/x_y",
        "https://b.org/",
    ]
    assert targets("`[a](b)` [x](data:image/png;base64,aa) f(x)[0](y z)") == []
    assert targets("[a]: b.md\n[c]: https://d.org") == ["b.md", "https://d.org"]
    assert targets("[![alt](a.svg)](b.ipynb)") == ["a.svg", "b.ipynb"]


def test_headings_have_githubs_names(tmp_path):
    file = tmp_path / "a.md"
    file.write_text(
        "# One · two!\n\n## `code` and_x\n\n## Again\n\n## Again\n\n```\n# no heading\n```\n",
        "utf-8",
    )
    assert anchors(file) == {"one--two", "code-and_x", "again", "again-1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a](lost.md)", "the link 'lost.md' leads to no file"),
        ("[a](../README.md#nothing)", "leads to no heading of README.md"),
        ("[a](#nothing)", "leads to no heading of notes.md"),
        ("[a](../../outside.md)", "leaves the project"),
        ("[a](../lessons/01_tiny.ipynb#Quizz)", "leads to no heading of 01_tiny.ipynb"),
    ],
)
def test_a_text_with_a_dead_link_is_named_with_its_line(tiny, text, words):
    (tiny.root / "course/notes.md").write_text(f"# Notes\n\n```\n[a](b)\n```\n\n{text}\n", "utf-8")
    (line,) = said(tiny)
    assert line.startswith("course/notes.md: line 7: ") and words in line


def test_links_that_lead_somewhere_are_silent(tiny):
    text = "# Notes\n\n[a](../README.md) [b](#notes) [c](../lessons/01_tiny.ipynb#Quiz) [d](..) [e](https://x.y)"
    (tiny.root / "course/notes.md").write_text(text, "utf-8")
    assert said(tiny) == []


def test_a_notebook_with_a_dead_link_is_named_in_both_trees(tiny):
    tiny.replace("saw", "nine", "[nine](../nine.md)")
    tiny.build()
    assert [line.partition(": the")[0] for line in said(tiny)] == [
        "solutions/01_tiny.ipynb: cell 6 (saw)",
        "lessons/01_tiny.ipynb: cell 6 (saw)",
    ]


def test_links_to_the_place_that_hosts_the_course_are_looked_up_here(tiny):
    tiny.build(repository="ada/colour")
    assert said(tiny) == []
    tiny.replace("wrong", "Little", "[Little](../lost.md)")
    tiny.build()
    assert [line.split(": ")[0] for line in said(tiny)] == [
        f"{tree}/01_tiny.ipynb" for tree in ("solutions", "lessons")
    ]


def test_no_link_of_the_course_is_dead():
    assert list(internal_links(ROOT)) == []
    assert len(list(every(ROOT))) > 50


def test_the_web_is_asked_only_on_demand(tiny, capsys, monkeypatch):
    (tiny.root / "course/notes.md").write_text(
        "[a](https://a.org/x#y) [b](https://b.org/)\n", "utf-8"
    )
    asked = []

    def answer(address):
        asked.append(address)
        return "gone" if "a.org" in address else None

    monkeypatch.setattr(links, "answer", answer)
    assert links.main(argparse.Namespace(outside=False), tiny.root) == 0
    assert asked == []
    assert links.main(argparse.Namespace(outside=True), tiny.root) == 1
    assert "https://a.org/x" in asked and not any("OWNER/NAME" in address for address in asked)
    out = capsys.readouterr().out
    assert "course/notes.md: line 1: https://a.org/x: gone" in out and "1 dead link;" in out


def test_a_server_that_is_not_there_is_said():
    assert links.answer("http://127.0.0.1:9/").startswith("no answer (")
