"""An answer that would show in a lesson stops the build, and nothing is written."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from course.tool.cli import CourseError

ANSWER = "return x**2 + 1 * 0"  # of exercise 1.1


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell(f"<details>Write `{ANSWER}`.</details>", id="hint"),
        new_markdown_cell("Write `return  x**2\n+ 1 * 0`.", id="hint"),
        new_code_cell(f"# {ANSWER}", id="hint"),
        new_code_cell(f"def ours(x):\n    {ANSWER}", id="hint"),
    ],
    ids=["prose", "wrapped", "comment", "whole answer"],
)
def test_an_answer_elsewhere_stops_and_both_places_are_named(tiny, cell):
    before = (tiny.root / "lessons/01_tiny.ipynb").read_bytes()
    tiny.add(cell)
    with pytest.raises(
        CourseError, match=r"01_tiny.ipynb: cell 8 \(answer-1\), line 2 leaks.*\(hint\)"
    ):
        tiny.build()
    assert (tiny.root / "lessons/01_tiny.ipynb").read_bytes() == before


def test_a_solution_cell_quoted_elsewhere_stops(tiny):
    tiny.replace("wrong", "Little.", "Students mix up squares and doubles.")
    with pytest.raises(CourseError, match=r"\(teacher\) leaks.*\(wrong\)"):
        tiny.build()


def test_one_line_of_an_answer_may_also_be_given_code(tiny):
    tiny.replace("answer-1", "    return x", "    x = x.clamp(0, 255)\n    return x")
    tiny.add(new_code_cell("x = x.clamp(0, 255)\nprint(x)", id="given"))
    assert tiny.build() == 0


def test_short_lines_and_comments_are_no_answers(tiny):
    tiny.replace(
        "answer-1", "    return x", "    # the square of the number\n    y = x\n    return x"
    )
    tiny.replace("wrong", "Little.", "y = x is the square of the number.")
    assert tiny.build() == 0
