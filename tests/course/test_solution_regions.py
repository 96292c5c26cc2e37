"""Solution regions: the stub is valid Python; a misplaced marker raises and names its line."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.tool.cli import CourseError
from course.tool.solution_regions import insert_stubs, refuse_markers

WHERE = "solutions/01_x.ipynb: cell 4 (answer)"
B, E = "### BEGIN SOLUTION", "### END SOLUTION"


def region(*lines, indent=""):
    return "\n".join(indent + line for line in (B, *lines, E))


def stubs(names):
    return "\n".join(f"{name} = ...  # your answer" for name in names)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "def f(x):\n    y = x\n" + region("return y + 1", indent="    ") + "\n\nf",
            "def f(x):\n    y = x\n"
            '    raise NotImplementedError("your code here")  # replace this line\n\nf',
        ),
        (
            region("a = 1", "b, (c, *d) = 2, (3, 4)", "e: int = 5", "a = e", "d[0] = a.x = 6", "f"),
            stubs("abcde"),
        ),
        (
            f"x = 1\n{region('y = 2')}\nz = 3\n{region('w = 4')}\nv = 5",
            f"x = 1\n{stubs('y')}\nz = 3\n{stubs('w')}\nv = 5",
        ),
        (
            "%matplotlib inline\n!ls\n" + region("%time", "a = 1"),
            f"%matplotlib inline\n!ls\n{stubs('a')}",
        ),
    ],
    ids=["function", "margin", "two regions", "ipython"],
)
def test_insert_stubs_replaces_regions(source, expected):
    assert insert_stubs(source, WHERE) == expected


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
        (f"{B}: part one\na = 1\n{E}", 1, "on a separate line"),
        (f"a = 1  {B}", 1, "on a separate line"),
        (region("def f():", "    return 1"), 1, "assigns no name"),
        (region("x +="), 1, "not Python by itself"),
        ("for i in [1]:\n" + region("a = i", indent="    "), 2, "outside a function"),
        ("class A:\n" + region("a = 1", indent="    "), 2, "outside a function"),
    ],
)
def test_insert_stubs_with_misplaced_marker_names_line(source, line, message):
    with pytest.raises(CourseError) as error:
        insert_stubs(source, WHERE)
    assert str(error.value).startswith(f"{WHERE}, line {line}: ")
    assert message in str(error.value)


def test_insert_stubs_that_leaves_half_a_statement_raises():
    message = r"cell 4 \(answer\): with the stub in place, line 2 is not Python"
    with pytest.raises(CourseError, match=message):
        insert_stubs("if True:\n" + region("a = 1"), WHERE)


@pytest.mark.parametrize("line", [B, E, "## Begin solution", "see #  END SOLUTON"])
def test_refuse_markers_in_prose_raises(line):
    with pytest.raises(CourseError, match=r"cell 4 \(answer\), line 2: "):
        refuse_markers(f"Text\n{line}", WHERE)


@pytest.mark.parametrize(
    "line", ["## Solutions", "# The end", "begin solution", "# end of section", "#" * 80]
)
def test_ordinary_text_is_not_a_marker(line):
    refuse_markers(line, WHERE)
    assert insert_stubs(line, WHERE) == line


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
def test_insert_stubs_of_any_region_parses_and_hides_it(before, inside, answer, depth):
    body = "\n".join([*inside, f"{answer} = 'the secret'"]).split("\n")
    head = "\n".join("    " * n + f"def f{n}():" for n in range(depth))
    source = "\n".join(filter(None, [*before, head, region(*body, indent="    " * depth)]))
    stubbed = insert_stubs(source, WHERE)
    tree = ast.parse(stubbed)
    assert "SOLUTION" not in stubbed and "secret" not in stubbed
    assert insert_stubs(stubbed, WHERE) == stubbed
    if not depth:
        assert any(isinstance(node, ast.Name) and node.id == answer for node in ast.walk(tree))
