"""The leak check: an answer is found as text and as code, in lessons and in texts."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.tool import code_patterns, leak_check
from course.tool.cli import CourseError

LESSON = "lessons/01_tiny.ipynb"
ANSWER = "return x**2 + 1 * 0"  # of exercise 1.1


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell(f"<details>Write `{ANSWER}`.</details>", id="hint"),
        new_markdown_cell("Write `return  x**2\n+ 1 * 0`.", id="hint"),
        new_markdown_cell("The square is x**2 + 1 * 0, at once.", id="hint"),
        new_markdown_cell("Write x ** 2+1*0.", id="hint"),
        new_markdown_cell("Hint: `number**2 + 1*0`", id="hint"),
        new_markdown_cell("```python\ny = number ** 2 + 1 * 0\n```", id="hint"),
        new_code_cell(f"# {ANSWER}", id="hint"),
        new_code_cell("pass  # y = z**2 + 1*0", id="hint"),
        new_code_cell(f"def ours(x):\n    {ANSWER}", id="hint"),
        new_code_cell("print(number**2 + 1 * 0)", id="hint"),
    ],
)
def test_leaked_answer_raises_and_names_both_places(tiny, cell):
    before = (tiny.root / LESSON).read_bytes()
    tiny.add(cell)
    message = r"01_tiny.ipynb: cell 9 \(answer-1\), line 2 leaks.*\(hint\)"
    with pytest.raises(CourseError, match=message):
        tiny.build()
    assert (tiny.root / LESSON).read_bytes() == before


def test_quoted_solution_cell_raises(tiny):
    tiny.replace("wrong", "Little.", "Students mix up squares and doubles.")
    with pytest.raises(CourseError, match=r"\(teacher\) leaks.*\(wrong\)"):
        tiny.build()


def test_given_lines_short_lines_and_comments_do_not_leak(tiny):
    answer = "    # the square of the number\n    y = x\n    x = x.clamp(0, 255)\n    return x"
    tiny.replace("answer-1", "    return x", answer)
    tiny.replace("wrong", "Little.", "y = x is the square of the number.")
    tiny.add(new_code_cell("x = x.clamp(0, 255)\nprint(x)", id="given"))
    assert tiny.build() == 0


STEPS = "a = x[:, :1] * 110\nb = x[:, 1:] * 110\ny = torch.cat([L, a, b], dim=1)"


@pytest.mark.parametrize(
    ("source", "leaks"),
    [
        ("u = z[:, :1] * 110\nprint(u)\nv = z[:, 1:] * 110\nr = torch.cat((L, u, v), 1)", True),
        ("u = z[:, :1] * 110\nv = z[:, 1:] * 110\nr = torch.cat((L, v, u), 1)", False),  # swapped
        ("u = z[:, 1:] * 110\nv = z[:, :1] * 110\nr = torch.cat((L, u, v), 1)", False),
        ("a = x[:, :1] * 110\nb = x[:, 1:] * 110", False),
        ("%matplotlib inline\n" + STEPS, True),
        ("not Python", False),
    ],
)
def test_steps_of_an_answer_are_found_under_other_names(source, leaks):
    assert code_patterns.has_steps(source, code_patterns.steps(STEPS)) is leaks


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("torch.cat([L, ab], dim=1)", "torch.cat((x, y), 1)", True),
        ("torch.cat([L, ab], dim=1)", "torch.cat([x, x], 1)", False),
        ("torch.cat([L, ab], dim=1)", "torch.stack([L, ab], 1)", False),
        ("lambda x: x + a", "lambda t: t + b", True),
        ("x * 110", "x * 128", False),
    ],
)
def test_pattern_ignores_names_and_spelling(one, other, same):
    first, second = (next(iter(code_patterns.expressions(text))) for text in (one, other))
    assert (first == second) is same


def notebook(*cells):
    return new_notebook(cells=list(cells))


def test_answer_in_another_lesson_or_text_raises():
    region = f"def f(x):\n    ### BEGIN SOLUTION\n    {ANSWER}\n    ### END SOLUTION"
    solutions = {"solutions/01_a.ipynb": notebook(new_code_cell(region, id="stub"))}
    lessons = {
        "lessons/01_a.ipynb": notebook(),
        "lessons/02_b.ipynb": notebook(new_code_cell("y = 3 * t", id="given")),
    }
    leak_check.check_elsewhere(solutions, lessons, [("README.md", "`x**2` is a square.")])
    with pytest.raises(CourseError, match=r"\(stub\), line 2 leaks: .*README.md"):
        leak_check.check_elsewhere(solutions, lessons, [("README.md", "It is `y**2+1*0`.")])
    lessons["lessons/02_b.ipynb"].cells[0].source = "y = t**2 + 1 * 0"
    with pytest.raises(CourseError, match=r"leaks: lessons/02_b.ipynb: cell 1 \(given\)"):
        leak_check.check_elsewhere(solutions, lessons, [])
