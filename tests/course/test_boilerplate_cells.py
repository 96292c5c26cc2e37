"""What the table writes into a notebook, and what the set-up cell does when it runs."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from course.tool import boilerplate_cells, course_config, notebooks
from course.tool.cli import CourseError


def edit_table(tiny, old, new):
    path = tiny.root / course_config.COURSE_TOML
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("tree", "beside"),
    [("lessons", "Save a copy in Drive"), ("solutions", "every answer is filled in")],
)
def test_the_header_says_what_the_table_says(tiny, tree, beside):
    nb = tiny.read(tree)
    lines = nb.cells[0].source.split("\n")
    assert f"/github/OWNER/NAME/blob/main/{tree}/01_tiny.ipynb)" in lines[0] and beside in lines[0]
    assert lines[2:5] == ["# Lesson 1 · Squares", "", "You square numbers."]
    assert "| You will | square \\|x\\|<br>say why |" in lines
    assert "| GPU | none |" in lines and "| Difficulty | ●○○ gentle |" in lines
    assert nb.metadata.language_info == {"name": "python"}
    assert (
        nb.metadata.colab == {"provenance": [], "toc_visible": True}
        and "accelerator" not in nb.metadata
    )


def test_a_gpu_is_asked_for_only_where_the_table_says_so(tiny):
    edit_table(tiny, "gpu_minutes = 0", "gpu_minutes = 12")
    tiny.build()
    for tree in ("lessons", "solutions"):
        nb = tiny.read(tree)
        assert (nb.metadata.accelerator, nb.metadata.colab.gpuType) == ("GPU", "T4")
        assert (
            "| GPU | about 12 minutes on a T4 (reckoned) with `PROFILE` full;" in nb.cells[0].source
        )
        (setup,) = (cell for cell in nb.cells if cell.id == "setup")
        assert setup.source.endswith('colab.ready("01_tiny", needs_gpu=True)')


def test_a_picture_stands_under_the_header_while_its_file_exists(tiny):
    file = tiny.root / "course/pictures/01_tiny.jpg"
    file.parent.mkdir()
    file.write_bytes(b"jpeg")
    tiny.build()
    cells = tiny.read("lessons").cells
    assert [cell.id for cell in cells[:3]] == ["header", "picture", "setup"]
    assert cells[1].source == "![A square.](data:image/jpeg;base64,anBlZw==)"
    file.write_bytes(b"x" * (12 * 1024 + 1))
    with pytest.raises(CourseError, match="01_tiny.jpg has 12289 bytes, at most 12288"):
        tiny.build()
    file.unlink()
    tiny.build()
    assert "picture" not in [cell.id for cell in tiny.read("lessons").cells]


def test_the_map_of_the_course_stands_below_the_picture(tiny):
    folder = tiny.root / "course/pictures"
    folder.mkdir()
    (folder / "map_1.png").write_bytes(b"png")
    tiny.build()
    (alone,) = [cell.source for cell in tiny.read("lessons").cells if cell.id == "picture"]
    assert alone.endswith("You are here: lesson 1, Squares.](data:image/png;base64,cG5n)")
    (folder / "01_tiny.jpg").write_bytes(b"jpeg")
    tiny.build()
    (both,) = [cell.source for cell in tiny.read("solutions").cells if cell.id == "picture"]
    assert both == f"![A square.](data:image/jpeg;base64,anBlZw==)\n\n{alone}"
    assert tiny.read().metadata.course.executed == notebooks.source_hash(tiny.read())
    (folder / "map_1.png").write_bytes(b"x" * (9 * 1024 + 1))
    with pytest.raises(CourseError, match="map_1.png has 9217 bytes, at most 9216"):
        tiny.build()


def test_the_footer_leads_to_the_next_lesson(tiny):
    text = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    entry = (
        text[text.index("[[lesson]]") :].replace("01_tiny", "02_next").replace("Squares", "Cubes")
    )
    (tiny.root / course_config.COURSE_TOML).write_text(text + "\n" + entry, "utf-8")
    assert tiny.build() == 1  # 02_next is still to be written
    footer = tiny.read("lessons").cells[-1]
    assert footer.id == "footer" and "**Next:** [Lesson 2 · Cubes](02_next.ipynb)" in footer.source


def test_what_stands_in_the_way_of_a_generated_cell_is_named(tiny):
    tiny.add(new_markdown_cell("Mine", id="mine", metadata={"tags": ["header"]}))
    with pytest.raises(CourseError, match="2 cells are tagged 'header'"):
        tiny.build()


def test_an_id_of_a_generated_cell_on_another_cell_is_named(tiny):
    with tiny.edit() as nb:
        nb.cells = [cell for cell in nb.cells if cell.id != "footer"]
    tiny.add(new_markdown_cell("Mine", id="footer"))
    with pytest.raises(CourseError, match="2 cells have the id 'footer'"):
        tiny.build()


def test_the_set_up_cell_keeps_its_output(tiny):
    with tiny.edit() as nb:
        tiny.cell(nb, "setup").outputs = [new_output("stream", name="stdout", text="ready\n")]
        tiny.cell(nb, "setup").source = "stale"
    tiny.build()
    setup = tiny.cell(tiny.read(), "setup")
    assert (
        setup.outputs[0].text == "ready\n"
        and setup.execution_count == 1
        and setup.source != "stale"
    )


@pytest.fixture
def setup(tiny, tmp_path, monkeypatch):
    """Runs the set-up cell where colorlib is another package; says what pip was asked to install."""
    (tmp_path / "site/colorlib").mkdir(parents=True)
    (tmp_path / "site/colorlib/__init__.py").write_text("# another package of that name\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in [name for name in sys.modules if name.split(".")[0] == "colorlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delenv("COLORLIB_SOURCE", raising=False)

    def run(returncode: int = 0, stderr: str = "", repository: str | None = None) -> list[str]:
        asked = []

        def pip(command, **options):
            assert options["capture_output"] and options["stdin"] == subprocess.DEVNULL
            asked.append(command[-1])
            (tmp_path / "site/colorlib/__init__.py").write_text("ours = print\n", "utf-8")
            (tmp_path / "site/colorlib/colab.py").write_text(
                "from colorlib import ours as ready\n", "utf-8"
            )
            return SimpleNamespace(returncode=returncode, stderr=stderr)

        monkeypatch.setattr(subprocess, "run", pip)
        tiny.build(repository=repository)
        exec(tiny.cell(tiny.read("lessons"), "setup").source, {})
        return asked

    yield run
    for name in [name for name in sys.modules if name.split(".")[0] == "colorlib"]:
        del sys.modules[name]


def test_set_up_installs_from_where_the_course_is_hosted(setup, capsys):
    assert setup(repository="ada/colour") == ["git+https://github.com/ada/colour@main"]
    assert capsys.readouterr().out.endswith("01_tiny\n")


def test_badges_of_a_release_go_with_its_wheel(tiny):
    tiny.build(repository="ada/colour", branch="v1.2.3")
    nb = tiny.read("lessons")
    wheel = "github.com/ada/colour/releases/download/v1.2.3/colorlib_course-1.2.3-py3-none-any.whl"
    assert wheel in tiny.cell(nb, "setup").source
    assert "github/ada/colour/blob/v1.2.3/lessons/01_tiny.ipynb" in tiny.cell(nb, "header").source
    tiny.build(branch="main")
    assert (
        "git+https://github.com/ada/colour@main" in tiny.cell(tiny.read("lessons"), "setup").source
    )
    with pytest.raises(CourseError, match="--check writes nothing"):
        tiny.build(check=True, branch="main")
    with pytest.raises(CourseError, match="the branch is 'a b', expected a name"):
        tiny.build(branch="a b")


def test_set_up_installs_from_the_given_source(setup, monkeypatch):
    monkeypatch.setenv("COLORLIB_SOURCE", "a/wheel.whl")
    assert setup() == ["a/wheel.whl"]


def test_set_up_says_what_to_do_without_a_source(setup):
    with pytest.raises(RuntimeError, match="run `make setup`, or set COLORLIB_SOURCE"):
        setup()


def test_set_up_says_what_pip_said(setup):
    with pytest.raises(RuntimeError, match=r"check the network, .* \(ERROR: no route\)"):
        setup(1, "WARNING: slow\nERROR: no route\n", "ada/colour")


def test_set_up_installs_nothing_where_colorlib_is(setup, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "colorlib", package := ModuleType("colorlib"))
    package.colab = SimpleNamespace(ready=print)
    assert setup() == []
    assert capsys.readouterr().out.endswith("01_tiny\n")


def test_the_set_up_cell_fits_its_limit(tiny):
    for repository in (None, "ada/colour"):
        tiny.build(repository=repository)
        assert len(tiny.cell(tiny.read(), "setup").source.split("\n")) <= 25


def test_fresh_cells_are_not_written_twice(tiny):
    course = course_config.load(tiny.root)
    nb = tiny.read()
    again = boilerplate_cells.refresh(nb, "solutions", course, course.lessons[0], tiny.root)
    assert notebooks.dumps(again) == notebooks.dumps(nb)
