"""From one source two notebooks; and whatever differs from its source is found and named."""

import pytest
from nbformat.v4 import new_markdown_cell

from course.tool import course_config, notebooks
from course.tool.cli import CourseError

FILES = ("solutions/01_tiny.ipynb", "lessons/01_tiny.ipynb", "README.md")


def all_bytes(tiny):
    return {file: (tiny.root / file).read_bytes() for file in FILES}


def check(tiny, capsys):
    """The lines of ``build --check``; nothing may be written."""
    before = all_bytes(tiny)
    capsys.readouterr()
    status = tiny.build(check=True)
    lines = capsys.readouterr().out.splitlines()
    assert all_bytes(tiny) == before
    assert status == (0 if lines == ["3 files are what their sources say."] else 1)
    return lines if status else []


def test_building_twice_gives_the_same_bytes(tiny, capsys):
    before = all_bytes(tiny)
    assert tiny.build() == 0
    assert all_bytes(tiny) == before
    assert capsys.readouterr().out.splitlines()[-3:] == [f"{file} unchanged" for file in FILES]
    assert check(tiny, capsys) == []


def test_a_lesson_has_the_cells_of_its_solution_without_answers_and_outputs(tiny):
    solution, lesson = tiny.read("solutions"), tiny.read("lessons")
    assert [cell.id for cell in lesson.cells] == [
        cell.id for cell in solution.cells if cell.id != "teacher"
    ]
    assert tiny.cell(lesson, "answer-1").source.endswith('("your code here")  # replace this line')
    for cell in lesson.cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)
    assert tiny.cell(solution, "three").outputs[0].text == "9\n"
    assert lesson.metadata.course == {"source": notebooks.source_hash(solution)}


@pytest.mark.parametrize(
    ("tree", "cell", "old", "new", "said"),
    [
        (
            "solutions",
            "see",
            "fast",
            "slowly",
            "lessons/01_tiny.ipynb: cell 4 (see) differs, for solutions/01_tiny",
        ),
        (
            "solutions",
            "answer-2",
            "x**2",
            "x*x",
            "lessons/01_tiny.ipynb: the notebook's metadata differs, for sol",
        ),
        (
            "solutions",
            "teacher",
            "mix up",
            "confuse",
            "lessons/01_tiny.ipynb: the notebook's metadata differs",
        ),
        (
            "solutions",
            "header",
            "square",
            "cube",
            "solutions/01_tiny.ipynb: cell 1 (header) is not what the table",
        ),
        (
            "lessons",
            "see",
            "fast",
            "slowly",
            "lessons/01_tiny.ipynb: cell 4 (see) was changed by hand: change sol",
        ),
        (
            "lessons",
            "setup",
            "colorlib",
            "lib",
            "lessons/01_tiny.ipynb: cell 2 (setup) was changed by hand",
        ),
    ],
)
def test_one_changed_word_is_found(tiny, capsys, tree, cell, old, new, said):
    tiny.replace(cell, old, new, tree)
    (line,) = check(tiny, capsys)
    assert line.startswith(said) and line.endswith("run python -m course build.")
    assert tiny.build() == 0
    assert check(tiny, capsys) == []


def test_a_stored_output_in_a_lesson_is_found(tiny, capsys):
    with tiny.edit("lessons") as nb:
        tiny.cell(nb, "three").execution_count = 1
    assert "cell 5 (three) was changed by hand" in check(tiny, capsys)[0]


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_text("{}", "utf-8"), "is not a notebook any more"),
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b'"cells"', b' "cells"')),
            "the file's layout",
        ),
    ],
)
def test_a_lesson_that_is_gone_or_broken_is_found_and_built_again(tiny, capsys, break_it, said):
    before = all_bytes(tiny)
    break_it(tiny.root / "lessons/01_tiny.ipynb")
    assert tiny.build(check=False) == 0 and all_bytes(tiny) == before
    break_it(tiny.root / "lessons/01_tiny.ipynb")
    capsys.readouterr()
    assert tiny.build(check=True) == 1
    assert said in capsys.readouterr().out


def test_overwriting_a_lesson_changed_by_hand_is_said(tiny, capsys):
    tiny.replace("see", "fast", "slowly", "lessons")
    tiny.build()
    assert "lessons/01_tiny.ipynb written over changes made by hand" in capsys.readouterr().out
    tiny.replace("see", "fast", "slowly")
    tiny.build()
    assert "lessons/01_tiny.ipynb written\n" in capsys.readouterr().out


def test_a_lesson_without_a_solution_is_kept_and_said(tiny, capsys):
    orphan = tiny.root / "lessons/09_old.ipynb"
    orphan.write_bytes((tiny.root / FILES[1]).read_bytes())
    assert check(tiny, capsys) == [
        "lessons/09_old.ipynb has no solution: remove it, or write solutions/09_old.ipynb."
    ]
    assert tiny.build() == 1 and orphan.exists()


def test_a_solution_without_an_entry_is_said(tiny, capsys):
    (tiny.root / "solutions/02_new.ipynb").write_bytes((tiny.root / FILES[0]).read_bytes())
    (line,) = check(tiny, capsys)
    assert line.startswith("solutions/02_new.ipynb has no entry in course/course.toml")


def test_an_entry_without_a_solution_is_said(tiny, capsys):
    (tiny.root / FILES[0]).unlink()
    capsys.readouterr()
    assert tiny.build(check=True) == 1
    assert "solutions/01_tiny.ipynb does not exist" in capsys.readouterr().out


def test_an_error_names_the_file_and_leaves_everything_as_it_was(tiny):
    tiny.replace("answer-4", "### END SOLUTION", "")
    before = all_bytes(tiny)
    for only_check in (True, False):
        with pytest.raises(
            CourseError,
            match=r"solutions/01_tiny.ipynb: cell 17 \(answer-4\), line 2: .*never closed",
        ):
            tiny.build(check=only_check)
    assert all_bytes(tiny) == before


def test_markers_in_prose_stop(tiny):
    tiny.add(new_markdown_cell("Text\n### BEGIN SOLUTION", id="slip"))
    with pytest.raises(CourseError, match=r"\(slip\), line 2: .*code cells only"):
        tiny.build()


def test_setting_the_repository_reaches_badges_links_set_up_and_readme(tiny, capsys):
    assert tiny.build(repository="ada/colour") == 0
    assert 'repository = "ada/colour"' in (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    lesson, solution = tiny.read("lessons"), tiny.read("solutions")
    hosted = "](https://github.com/ada/colour/blob/main/solutions/01_tiny.ipynb)"
    assert hosted in tiny.cell(lesson, "exercise-1").source
    assert "](../" not in "".join(cell.source for cell in lesson.cells)
    assert "](../solutions/01_tiny.ipynb)" in tiny.cell(solution, "exercise-1").source
    assert "github/ada/colour/blob/main/solutions/01_tiny.ipynb" in solution.cells[0].source
    assert "git+https://github.com/ada/colour" in tiny.cell(lesson, "setup").source
    readme = (tiny.root / "README.md").read_text("utf-8")
    assert (
        "github/ada/colour/blob/main/lessons/01_tiny.ipynb" in readme
        and "--repository" not in readme
    )
    assert check(tiny, capsys) == []


def test_a_new_badge_asks_for_no_new_run_but_a_new_answer_does(tiny):
    def current():
        nb = tiny.read()
        return nb.metadata.course.executed == notebooks.source_hash(nb)

    assert current()
    tiny.build(repository="ada/colour")
    assert current()
    tiny.replace("answer-2", "x**2", "x*x")
    tiny.build()
    assert not current()


def test_readme_keeps_what_stands_around_its_table(tiny, capsys):
    path = tiny.root / "README.md"
    text = path.read_text("utf-8")
    assert text.startswith("Above\n<!-- lessons:begin -->\n| Lesson ") and text.endswith(
        "<!-- lessons:end -->\nBelow\n"
    )
    assert (
        "[1 · Squares](lessons/01_tiny.ipynb)" in text
        and "[solution](solutions/01_tiny.ipynb)" in text
    )
    assert "--repository OWNER/NAME" in text
    path.write_text(text.replace("| 5 |", "| 6 |").replace("Above", "Over"), "utf-8")
    assert "README.md: the table of lessons" in check(tiny, capsys)[0]
    tiny.build()
    assert path.read_text("utf-8") == text.replace("Above", "Over")


def test_a_readme_without_the_comments_is_refused(tiny):
    (tiny.root / "README.md").write_text("<!-- lessons:end --> <!-- lessons:begin -->", "utf-8")
    with pytest.raises(CourseError, match="README.md needs a line <!-- lessons:begin -->"):
        tiny.build()
