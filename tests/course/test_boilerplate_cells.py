"""The generated cells of a notebook, and what the set-up cell does when it runs."""

import subprocess
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from course.tool import boilerplate_cells, course_config, notebooks
from course.tool.cli import CourseError

WHEEL = "github.com/ada/colour/releases/download/v1.2.3/colorlib_course-1.2.3-py3-none-any.whl"


def set_gpu_minutes(tiny, minutes):
    path = tiny.root / course_config.COURSE_TOML
    text = path.read_text("utf-8").replace("gpu_minutes = 0", f"gpu_minutes = {minutes}")
    path.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("tree", "note"),
    [("lessons", "Save a copy in Drive"), ("solutions", "every answer is filled in")],
)
def test_header_has_badge_title_and_table(tiny, tree, note):
    lines = tiny.read(tree).cells[0].source.split("\n")
    assert f"/github/OWNER/NAME/blob/main/{tree}/01_tiny.ipynb)" in lines[0] and note in lines[0]
    assert lines[2:5] == ["# Lesson 1 · Squares", "", "You square numbers."]
    assert lines[6:12] == [
        "| Time | about 5 minutes |",
        "|:---|:---|",
        "| GPU | none |",
        "| Difficulty | ●○○ gentle |",
        "| Needs | nothing |",
        "| You will | square \\|x\\|<br>say why |",
    ]


def test_gpu_appears_only_where_course_toml_has_it(tiny):
    metadata = tiny.read("lessons").metadata
    assert metadata.language_info == {"file_extension": ".py", "name": "python"}
    assert metadata.colab == {"provenance": [], "toc_visible": True}
    assert "accelerator" not in metadata
    set_gpu_minutes(tiny, 12)
    tiny.build()
    for tree in ("lessons", "solutions"):
        nb = tiny.read(tree)
        assert (nb.metadata.accelerator, nb.metadata.colab.gpuType) == ("GPU", "T4")
        expected = "| GPU | about 12 minutes on a T4 (estimated) with `PROFILE` full;"
        assert expected in nb.cells[0].source
        assert tiny.cell(nb, "setup").source.endswith('ready("01_tiny", needs_gpu=True)')


def test_pictures_appear_while_their_files_exist(tiny):
    folder = tiny.root / "course/pictures"
    folder.mkdir()
    (folder / "map_1.webp").write_bytes(b"webp")
    tiny.build()
    map_image = tiny.cell(tiny.read("lessons"), "picture").source
    assert map_image.endswith("You are here: lesson 1, Squares.](data:image/webp;base64,d2VicA==)")
    (folder / "01_tiny.webp").write_bytes(b"webp")
    tiny.build()
    cells = tiny.read("solutions").cells
    assert [cell.id for cell in cells[:3]] == ["header", "picture", "setup"]
    assert cells[1].source == f"![A square.](data:image/webp;base64,d2VicA==)\n\n{map_image}"
    assert notebooks.is_fresh(tiny.read())
    for file in folder.iterdir():
        file.unlink()
    tiny.build()
    assert "picture" not in [cell.id for cell in tiny.read("lessons").cells]


@pytest.mark.parametrize(("file", "limit"), [("01_tiny.webp", 12288), ("map_1.webp", 8192)])
def test_picture_that_is_too_large_raises(tiny, file, limit):
    (tiny.root / "course/pictures").mkdir()
    (tiny.root / "course/pictures" / file).write_bytes(b"x" * (limit + 1))
    with pytest.raises(CourseError, match=f"{file} has {limit + 1} bytes, at most {limit}"):
        tiny.build()


def test_footer_links_to_next_lesson(tiny):
    path = tiny.root / course_config.COURSE_TOML
    text = path.read_text("utf-8")
    entry = text[text.index("[[lesson]]") :]
    entry = entry.replace("01_tiny", "02_next").replace("Squares", "Cubes")
    path.write_text(text + "\n" + entry, "utf-8")
    assert tiny.build() == 1  # 02_next is still to be written
    footer = tiny.read("lessons").cells[-1]
    assert footer.id == "footer" and "**Next:** [Lesson 2 · Cubes](02_next.ipynb)" in footer.source


def test_second_cell_with_generated_tag_or_id_raises(tiny):
    tiny.add(new_markdown_cell("Mine", id="mine", metadata={"tags": ["header"]}))
    with pytest.raises(CourseError, match="2 cells are tagged 'header'"):
        tiny.build()
    tiny.cell(tiny.read(), "mine")
    with tiny.edit() as nb:
        nb.cells = [cell for cell in nb.cells if cell.id not in ("mine", "footer")]
    tiny.add(new_markdown_cell("Mine", id="footer"))
    with pytest.raises(CourseError, match="2 cells have the id 'footer'"):
        tiny.build()


def test_setup_cell_keeps_its_output_and_is_short(tiny):
    with tiny.edit() as nb:
        tiny.cell(nb, "setup").outputs = [new_output("stream", name="stdout", text="ready\n")]
        tiny.cell(nb, "setup").source = "stale"
    for repository in (None, "ada/colour"):
        tiny.build(repository=repository)
        setup = tiny.cell(tiny.read(), "setup")
        assert (setup.outputs[0].text, setup.execution_count) == ("ready\n", 1)
        assert setup.source != "stale" and setup.source.count("\n") < 25


@pytest.fixture
def run_setup(tiny, monkeypatch):
    """Run the set-up cell with a pip that does nothing; return what pip had to install."""
    monkeypatch.delenv("COLORLIB_SOURCE", raising=False)

    def run(installed=False, returncode=0, stderr="", repository=None):
        tiny.build(repository=repository)
        sources = []

        def fake_pip(command, **options):
            assert options["capture_output"] and options["stdin"] == subprocess.DEVNULL
            sources.append(command[-1])
            return SimpleNamespace(returncode=returncode, stderr=stderr)

        def fake_version(name):
            assert name == "colorlib-course"
            if not installed:
                raise PackageNotFoundError(name)

        monkeypatch.setattr("colorlib.notebook.environment.print_ready", print)
        monkeypatch.setattr(subprocess, "run", fake_pip)
        monkeypatch.setattr("importlib.metadata.version", fake_version)
        exec(tiny.cell(tiny.read("lessons"), "setup").source, {})
        return sources

    return run


def test_setup_installs_from_hosted_repository(run_setup, capsys):
    assert run_setup(repository="ada/colour") == ["git+https://github.com/ada/colour@main"]
    assert capsys.readouterr().out.endswith("01_tiny\n")


def test_setup_installs_from_given_source(run_setup, monkeypatch):
    monkeypatch.setenv("COLORLIB_SOURCE", "a/wheel.whl")
    assert run_setup() == ["a/wheel.whl"]
    assert run_setup(repository="ada/colour") == ["a/wheel.whl"]


def test_setup_does_not_install_where_colorlib_is(run_setup, capsys):
    assert run_setup(installed=True) == []
    assert capsys.readouterr().out.endswith("01_tiny\n")


def test_setup_that_fails_exits_with_a_sentence(run_setup, capsys):
    with pytest.raises(SystemExit, match="run `make setup`, or set COLORLIB_SOURCE"):
        run_setup()
    with pytest.raises(SystemExit, match=r"install git\+https.*: check the network, then run this"):
        run_setup(returncode=1, stderr="ERROR: no route\n", repository="ada/colour")
    assert "ERROR: no route" in capsys.readouterr().out


def test_release_branch_installs_its_wheel(tiny):
    tiny.build(repository="ada/colour", branch="v1.2.3")
    nb = tiny.read("lessons")
    assert WHEEL in tiny.cell(nb, "setup").source
    assert "github/ada/colour/blob/v1.2.3/lessons/01_tiny.ipynb" in tiny.cell(nb, "header").source
    tiny.build(branch="main")
    source = tiny.cell(tiny.read("lessons"), "setup").source
    assert "git+https://github.com/ada/colour@main" in source


def test_refresh_of_fresh_notebook_changes_nothing(tiny):
    course = course_config.load(tiny.root)
    nb = tiny.read()
    again = boilerplate_cells.refresh(nb, "solutions", course, course.lessons[0], tiny.root)
    assert notebooks.dumps(again) == notebooks.dumps(nb)


def test_header_leads_to_the_words_and_the_papers_and_set_up_is_folded(tiny):
    for tree in ("lessons", "solutions"):
        nb = tiny.read(tree)
        header, setup = nb.cells[0].source, tiny.cell(nb, "setup")
        assert "(../course/glossary.md)" in header and "(../course/papers.md)" in header
        assert setup.metadata.jupyter == {"source_hidden": True}
        assert setup.metadata.cellView == "form"
