"""Build: two notebooks from one source; ``--check`` finds and names every difference."""

import json
import re

import pytest
from nbformat.v4 import new_markdown_cell

from colorlib import __version__
from course.tool import course_config, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

FILES = (
    "solutions/01_tiny.ipynb",
    "lessons/01_tiny.ipynb",
    "colorlib/check/quiz_answers.json",
    "README.md",
)


def all_bytes(tiny):
    return {file: (tiny.root / file).read_bytes() for file in FILES}


def check(tiny, capsys):
    """Return the lines of ``build --check``; assert that nothing is written."""
    before = {
        file: (tiny.root / file).exists() and (tiny.root / file).read_bytes() for file in FILES
    }
    capsys.readouterr()
    status = tiny.build(check=True)
    lines = capsys.readouterr().out.splitlines()
    for file, content in before.items():
        assert content == ((tiny.root / file).exists() and (tiny.root / file).read_bytes())
    assert status == (0 if lines == [f"{len(FILES)} files are what their sources say."] else 1)
    return lines if status else []


def test_build_twice_writes_the_same_bytes(tiny, capsys):
    before = all_bytes(tiny)
    assert tiny.build() == 0
    assert all_bytes(tiny) == before
    last = capsys.readouterr().out.splitlines()[-len(FILES) :]
    assert last == [f"{file} unchanged" for file in FILES]
    assert check(tiny, capsys) == []


def test_lesson_has_no_answers_and_no_outputs(tiny):
    solution, lesson = tiny.read("solutions"), tiny.read("lessons")
    ids = [cell.id for cell in solution.cells if cell.id != "teacher"]
    assert [cell.id for cell in lesson.cells] == ids
    assert tiny.cell(lesson, "answer-1").source.endswith('("your code here")  # replace this line')
    for cell in lesson.cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)
    assert tiny.cell(solution, "three").outputs[0].text == "9\n"
    assert lesson.metadata.course.source == notebooks.source_hash(solution)
    assert lesson.metadata.course.built == notebooks.content_hash(lesson)


LESSON, SOLUTION = "lessons/01_tiny.ipynb", "solutions/01_tiny.ipynb"


@pytest.mark.parametrize(
    ("tree", "cell", "old", "new", "message"),
    [
        (
            "solutions",
            "see",
            "fast",
            "slowly",
            f"{LESSON}: cell 4 (see) differs, because {SOLUTION}",
        ),
        ("solutions", "answer-2", "x**2", "x*x", f"{LESSON}: the metadata differs, "),
        ("solutions", "teacher", "mix up", "confuse", f"{LESSON}: the metadata differs"),
        (
            "solutions",
            "header",
            "square",
            "cube",
            f"{SOLUTION}: cell 1 (header) is not what course",
        ),
        (
            "lessons",
            "see",
            "fast",
            "slowly",
            f"{LESSON}: cell 4 (see) was changed by hand: change ",
        ),
        ("lessons", "setup", "colorlib", "lib", f"{LESSON}: cell 2 (setup) was changed by hand"),
    ],
)
def test_check_finds_one_changed_word(tiny, capsys, tree, cell, old, new, message):
    tiny.replace(cell, old, new, tree)
    (line,) = check(tiny, capsys)
    assert line.startswith(message) and line.endswith("run python -m course build.")
    assert tiny.build() == 0
    assert check(tiny, capsys) == []


def test_check_finds_an_output_in_a_lesson(tiny, capsys):
    with tiny.edit("lessons") as nb:
        tiny.cell(nb, "three").execution_count = 1
    assert "cell 6 (three) was changed by hand" in check(tiny, capsys)[0]


def change_layout(path):
    path.write_bytes(path.read_bytes().replace(b'"cells"', b' "cells"'))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_text("{}", "utf-8"), "is not a valid notebook"),
        (change_layout, "the file's layout"),
    ],
)
def test_damaged_lesson_is_found_and_built_again(tiny, capsys, damage, message):
    before = all_bytes(tiny)
    damage(tiny.root / LESSON)
    assert message in check(tiny, capsys)[0]
    assert tiny.build() == 0 and all_bytes(tiny) == before


def test_build_reports_overwritten_hand_edits(tiny, capsys):
    tiny.replace("see", "fast", "slowly", "lessons")
    tiny.build()
    copy = "build/overwritten/01_tiny.ipynb"
    line = f"{LESSON} written over changes made by hand; a copy is {copy}"
    assert line in capsys.readouterr().out
    assert "slowly" in (tiny.root / copy).read_text("utf-8")
    tiny.replace("see", "fast", "slowly")
    tiny.build()
    assert f"{LESSON} written\n" in capsys.readouterr().out


def test_unpaired_files_are_reported_and_kept(tiny, capsys):
    orphan, unlisted = tiny.root / "lessons/09_old.ipynb", tiny.root / "solutions/02_new.ipynb"
    orphan.write_bytes((tiny.root / LESSON).read_bytes())
    assert check(tiny, capsys) == [
        "lessons/09_old.ipynb has no solution: remove it, or write solutions/09_old.ipynb."
    ]
    assert tiny.build() == 1 and orphan.exists()
    orphan.unlink()
    unlisted.write_bytes((tiny.root / SOLUTION).read_bytes())
    (line,) = check(tiny, capsys)
    assert line.startswith("solutions/02_new.ipynb has no entry in course/course.toml")


def test_renamed_or_lost_solution_is_named_and_nothing_is_built(tiny, capsys):
    readme = (tiny.root / "README.md").read_bytes()
    renamed = tiny.root / "solutions/01_squares.ipynb"
    (tiny.root / SOLUTION).rename(renamed)
    (line,) = check(tiny, capsys)
    assert 'if you renamed it, write name = "01_squares" in course/course.toml' in line
    renamed.unlink()
    (line,) = check(tiny, capsys)
    assert f"{LESSON} does: restore the solution from git, or remove" in line
    assert tiny.build() == 1
    assert (tiny.root / "README.md").read_bytes() == readme


def add_editor_metadata(path):
    raw = json.loads(path.read_bytes())
    raw["metadata"]["widgets"] = {"state": {}}
    for cell in raw["cells"]:
        cell["metadata"] |= {"vscode": {"languageId": "python"}, "collapsed": True}
    path.write_text(json.dumps(raw), "utf-8")


def test_metadata_of_an_editor_reach_no_file_and_accuse_nobody(tiny, capsys):
    before = all_bytes(tiny)
    for file in (SOLUTION, LESSON):
        add_editor_metadata(tiny.root / file)
        (line,) = check(tiny, capsys)
        assert line.startswith(f"{file}: an editor added metadata (collapsed, vscode, widgets)")
        assert tiny.build() == 0 and all_bytes(tiny) == before
        assert "by hand" not in capsys.readouterr().out


def test_lesson_of_another_tool_version_was_not_changed_by_hand(tiny, capsys):
    with tiny.edit("lessons") as nb:  # as if the text of the stub had changed since
        tiny.cell(nb, "answer-1").source = "# an older stub"
        nb.metadata.course.built = notebooks.content_hash(nb)
    assert "(answer-1) differs" in check(tiny, capsys)[0]


def test_difference_names_where_generated_content_comes_from(tiny, capsys):
    tiny.replace("footer", "CC BY", "CC")
    assert "(footer) is not what course/course.toml says" in check(tiny, capsys)[0]
    tiny.build()
    table = "<!-- course: map -->\n\nold\n<!-- end course -->"
    tiny.add(new_markdown_cell(table, id="table"))
    tiny.store()
    assert "(table) is not what course/course.toml says" in check(tiny, capsys)[0]


def test_error_names_the_cell_and_changes_nothing(tiny):
    tiny.replace("answer-4", "### END SOLUTION", "")
    before = all_bytes(tiny)
    for only_check in (True, False):
        message = rf"{SOLUTION}: cell 19 \(answer-4\), line 2: .*never closed"
        with pytest.raises(CourseError, match=message):
            tiny.build(check=only_check)
    assert all_bytes(tiny) == before


def test_marker_in_prose_raises(tiny):
    tiny.add(new_markdown_cell("Text\n### BEGIN SOLUTION", id="slip"))
    with pytest.raises(CourseError, match=r"\(slip\), line 2: .*code cells only"):
        tiny.build()


def test_check_with_branch_raises(tiny):
    with pytest.raises(CourseError, match="--check writes nothing"):
        tiny.build(check=True, branch="main")


def test_repository_reaches_badges_links_setup_readme(tiny, capsys):
    assert "--repository OWNER/NAME" in (tiny.root / "README.md").read_text("utf-8")
    assert tiny.build(repository="ada/colour") == 0
    config = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    assert 'repository = "ada/colour"' in config
    lesson, solution = tiny.read("lessons"), tiny.read("solutions")
    hosted = "](https://github.com/ada/colour/blob/main/solutions/01_tiny.ipynb)"
    assert hosted in tiny.cell(lesson, "exercise-1").source
    assert "](../" not in "".join(cell.source for cell in lesson.cells)
    assert "](../solutions/01_tiny.ipynb)" in tiny.cell(solution, "exercise-1").source
    assert "github/ada/colour/blob/main/solutions/01_tiny.ipynb" in solution.cells[0].source
    assert "git+https://github.com/ada/colour" in tiny.cell(lesson, "setup").source
    readme = (tiny.root / "README.md").read_text("utf-8")
    assert "github/ada/colour/blob/main/lessons/01_tiny.ipynb" in readme
    assert "--repository" not in readme
    assert check(tiny, capsys) == []


def test_tag_of_another_version_is_noted(tiny, capsys):
    tiny.build(repository="ada/colour", branch="v9.9.9")
    assert "Note: the branch is v9.9.9, the library's version" in capsys.readouterr().out
    tiny.build(branch=f"v{__version__}")
    assert "Note" not in capsys.readouterr().out


def test_new_badge_keeps_outputs_current_but_new_code_not(tiny):
    tiny.build(repository="ada/colour")
    assert notebooks.is_fresh(tiny.read())
    tiny.replace("answer-2", "x**2", "x*x")
    tiny.build()
    assert not notebooks.is_fresh(tiny.read())


@pytest.mark.parametrize(("repository", "branch"), [("", "main"), ("ada/colour", "v1.0.0")])
def test_readme_opens_the_first_lesson_in_every_place(tiny, repository, branch):
    path = tiny.root / "README.md"
    path.write_text("<!-- course: open -->\n<!-- end course -->\n", "utf-8")
    if repository:
        tiny.build(repository=repository, branch=branch)
    else:
        tiny.build()
    place, file = repository or "OWNER/NAME", "lessons/01_tiny.ipynb"
    links = dict(re.findall(r"\[(\w+)\]\((\S+)\)", path.read_text("utf-8")))
    assert links == {
        "Colab": f"https://colab.research.google.com/github/{place}/blob/{branch}/{file}",
        "Kaggle": "https://kaggle.com/kernels/welcome"
        f"?src=https://github.com/{place}/blob/{branch}/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{place}/{branch}?urlpath=lab/tree/{file}",
        "Codespaces": f"https://codespaces.new/{place}/tree/{branch}?quickstart=1",
    }


def test_links_are_those_that_the_page_on_other_homes_explains():
    readme, page = (
        (ROOT / path).read_text("utf-8") for path in ("README.md", "course/other-homes.md")
    )
    row = re.search(r"(?m)^Open lesson 0 in: (.*)$", readme)[1]
    for name, address in re.findall(r"\[(\w+)\]\((\S+)\)", row):
        assert name == "Colab" or f"## {name}" in page
        start = re.match(r"https://[^/]+/", address)[0]
        assert name in ("Colab", "Codespaces") or f"`{start}" in page, address


def test_readme_keeps_text_around_its_table(tiny, capsys):
    path = tiny.root / "README.md"
    text = path.read_text("utf-8")
    assert text.startswith("Above\n<!-- course: lessons -->\n\n| Lesson ")
    assert text.endswith("<!-- end course -->\nBelow\n")
    assert "[1 · Squares](lessons/01_tiny.ipynb)" in text
    assert "[solution](solutions/01_tiny.ipynb)" in text
    path.write_text(text.replace("| 5 |", "| 6 |").replace("Above", "Over"), "utf-8")
    assert "README.md: a generated table is not what" in check(tiny, capsys)[0]
    tiny.build()
    assert path.read_text("utf-8") == text.replace("Above", "Over")
    path.write_text("<!-- end course --> <!-- course: lessons -->", "utf-8")
    with pytest.raises(CourseError, match="README.md, line 1: found '<!-- end course"):
        tiny.build()
