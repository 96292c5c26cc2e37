"""The lint of words: each row finds its example, and nothing in a good sentence."""

import argparse

import pytest

from course.tool.lints import plain_words
from course.tool.lints.plain_words import find_words, load_rules

KINDS = ("everywhere", "docstrings", "students")
ROWS = [(kind, row) for kind in KINDS for row in plain_words.WORDS[kind]]
RULES = dict(zip((row["pattern"] for _, row in ROWS), load_rules(*KINDS), strict=True))


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=lambda value: str(value)[12:40])
def test_row_finds_its_example_and_nothing_else(kind, row):
    rule, text = [RULES[row["pattern"]]], "docstring" if kind == "docstrings" else "text"
    assert list(find_words(row["found"], text, rule))
    assert not [match[0] for match, _ in find_words(row["fine"], text, rule)]
    assert not [match[0] for match, _ in find_words(f"`{row['found']}`", text, rule)]


def test_no_row_objects_to_another_rows_good_sentence():
    rules = [rule for rule in RULES.values() if rule.kind == "everywhere"]
    for _, row in ROWS:
        assert not [match[0] for match, _ in find_words(row["fine"], "text", rules)], row["fine"]


SOURCE = '''\
"""What it is."""
X = "mend"  # It is built anew.
def f():
    """Return it.

    >>> f("anew at last")
    """
    raise ValueError(f"{X} is no number: mend it as\\never")
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text(SOURCE, "utf-8")
    (tmp_path / "README.md").write_text(
        "Fine.\n\n```\nanew\n```\n\nIt is just as\never.\n", "utf-8"
    )
    return tmp_path


def found(root, *patterns):
    return [str(finding) for finding in plain_words.findings(root, patterns, load_rules(*KINDS))]


def test_python_docstrings_comments_and_messages_are_read(folder):
    lines = [line.partition(": write")[0] for line in found(folder, "*.py")]
    assert sorted(lines) == [
        "a.py: line 1: 'What'",
        "a.py: line 2: 'anew'",
        "a.py: line 8: 'as ever'",
        "a.py: line 8: 'is no number'",
        "a.py: line 8: 'mend'",
    ]


def test_markdown_phrase_across_lines_has_its_first_line(folder):
    assert [line.partition(": write")[0] for line in found(folder, "*.md")] == [
        "README.md: line 7: 'as ever'",
        "README.md: line 7: 'just'",
    ]


def test_notebook_finding_names_its_cell(tiny):
    tiny.replace("saw", "nine", "nine anew")
    (line,) = [line for line in found(tiny.root, "solutions/*.ipynb") if "anew" in line]
    assert line.startswith("solutions/01_tiny.ipynb: cell 7 (saw): 'anew': write \"again\"")


def test_allowed_phrase_in_its_file_is_not_found(folder):
    (folder / "course").mkdir()
    text = "- **critic**: WGAN's critic has no sigmoid. A critic learns.\n"
    for name in ("glossary.md", "other.md"):
        (folder / "course" / name).write_text(text, "utf-8")
    assert len(found(folder, "course/glossary.md")) == 1
    assert len(found(folder, "course/other.md")) == 3


def test_command_counts_per_file_and_prints_named_files(folder, capsys):
    assert plain_words.main(argparse.Namespace(files=[]), folder) == 0
    assert capsys.readouterr().out.splitlines() == ["    5 a.py", "    1 README.md", "    6 in all"]
    assert plain_words.main(argparse.Namespace(files=["README.md"]), folder) == 0
    assert "README.md: line 7: 'as ever'" in capsys.readouterr().out


def test_check_finds_what_the_command_finds_and_more_in_texts_for_students(folder):
    assert len(list(plain_words.plain_words(folder))) == 6 + 1  # "just", which students read
