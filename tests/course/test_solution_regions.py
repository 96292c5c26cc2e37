"""Solution regions: the stub is valid Python, and a marker out of place stops with file, cell and line."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.tool import solution_regions
from course.tool.cli import CourseError

WHERE = "solutions/01_x.ipynb: cell 4 (answer)"


def region(*lines, indent=""):
    return "\n".join(indent + line for line in ("### BEGIN SOLUTION", *lines, "### END SOLUTION"))


def test_inside_a_function_the_stub_raises():
    source = "def f(x):\n    y = x\n" + region("return y + 1", indent="    ") + "\n\nf"
    assert solution_regions.insert_stubs(source, WHERE) == (
        'def f(x):\n    y = x\n    raise NotImplementedError("your code here")  # replace this line\n\nf'
    )


def test_at_the_margin_the_stub_names_every_answer():
    answers = region(
        "a = 1", "b, (c, *d) = 2, (3, 4)", "e: int = 5", "a = e", "d[0] = a.x = 6", "print(a)"
    )
    stubbed = solution_regions.insert_stubs(answers, WHERE)
    assert stubbed == "\n".join(f"{name} = ...  # your answer" for name in "abcde")


def test_two_regions_and_the_lines_around_them_stay_in_order():
    source = "x = 1\n" + region("y = 2") + "\nz = 3\n" + region("w = 4") + "\nv = 5"
    expected = "x = 1\ny = ...  # your answer\nz = 3\nw = ...  # your answer\nv = 5"
    assert solution_regions.insert_stubs(source, WHERE) == expected


def test_lines_for_ipython_are_no_obstacle():
    source = "%matplotlib inline\n!ls\n" + region("%time", "a = 1")
    assert (
        solution_regions.insert_stubs(source, WHERE)
        == "%matplotlib inline\n!ls\na = ...  # your answer"
    )


B, E = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        (f"{B}\na = 1\n{B}\n{E}\n{E}", 3, "cannot be nested"),
        (f"x = 1\n{B}\na = 1", 2, "never closed"),
        (f"a = 1\n{E}", 2, "without ### BEGIN SOLUTION"),
        (f"{B}\na = 1\n{E}\n{E}", 4, "without ### BEGIN SOLUTION"),
        (f"def f():\n    {B}\n    a = 1\n{E}", 4, "indented differently from line 2"),
        ("x = 1\n# BEGIN SOLUTION", 2, "write '### BEGIN SOLUTION'"),
        (f"{B}\na = 1\n### END SOLUTON", 3, "write '### END SOLUTION'"),
        ("### begin solution", 1, "write '### BEGIN SOLUTION'"),
        ("#BEGIN_SOLUTION", 1, "write '### BEGIN SOLUTION'"),
        (f"{B}: part one\na = 1\n{E}", 1, "on a line of its own"),
        (f"a = 1  {B}", 1, "on a line of its own"),
        (region("def f():", "    return 1"), 1, "assigns no name"),
        (region("x +="), 1, "not Python by itself"),
        ("for i in [1]:\n" + region("a = i", indent="    "), 2, "outside a function"),
        ("class A:\n" + region("a = 1", indent="    "), 2, "outside a function"),
    ],
)
def test_a_marker_out_of_place_stops_with_file_cell_and_line(source, line, message):
    with pytest.raises(CourseError) as error:
        solution_regions.insert_stubs(source, WHERE)
    assert str(error.value).startswith(f"{WHERE}, line {line}: ")
    assert message in str(error.value)


def test_a_stub_that_leaves_half_a_statement_stops():
    source = "if True:\n" + region("a = 1")
    with pytest.raises(
        CourseError, match=r"cell 4 \(answer\): with the stub in place, line 2 is not Python"
    ):
        solution_regions.insert_stubs(source, WHERE)


@pytest.mark.parametrize("line", [B, E, "## Begin solution", "see #  END SOLUTON"])
def test_a_marker_in_prose_stops(line):
    with pytest.raises(CourseError, match=r"cell 4 \(answer\), line 2: "):
        solution_regions.refuse_markers(f"Text\n{line}", WHERE)


@pytest.mark.parametrize(
    "line", ["## Solutions", "# The end", "begin solution", "# end of section", "#" * 80]
)
def test_ordinary_text_is_no_marker(line):
    solution_regions.refuse_markers(line, WHERE)
    assert solution_regions.insert_stubs(line, WHERE) == line


names = st.sampled_from(["L", "ab", "rgb", "_x", "größe"])
statements = st.one_of(
    st.builds("{} = {}".format, names, st.integers()),
    st.builds("{}, {} = 1, 2".format, names, names),
    st.builds("if {0}:\n    {0} = 1".format, names),
    st.just("# a comment"),
    st.just(""),
)


@given(
    before=st.lists(statements), inside=st.lists(statements), answer=names, depth=st.integers(0, 3)
)
def test_the_stub_of_any_region_parses_and_hides_it(before, inside, answer, depth):
    body = "\n".join([*inside, f"{answer} = 'the secret'"]).split("\n")
    head = "\n".join("    " * n + f"def f{n}():" for n in range(depth))
    source = "\n".join(filter(None, [*before, head, region(*body, indent="    " * depth)]))
    stubbed = solution_regions.insert_stubs(source, WHERE)
    tree = ast.parse(stubbed)
    assert "SOLUTION" not in stubbed and "secret" not in stubbed
    assert solution_regions.insert_stubs(stubbed, WHERE) == stubbed
    if not depth:
        assert any(isinstance(node, ast.Name) and node.id == answer for node in ast.walk(tree))
