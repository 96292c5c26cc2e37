"""A student in JupyterLab: open, run, slide, solve, unfold, play."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Locator, Page, expect

from course.tool import lab, notebooks, solution_regions
from tests.browser.conftest import ROOT, TIMEOUT, code_that_scrolls_sideways
from tests.browser.lab_server import start_lab

expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a JupyterLab on a copy of the lessons, started as ``make lab`` starts it."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "lessons", home / "lessons")
    lab.copy_lessons(home)
    with start_lab(home) as found:
        yield found


class Notebook:
    """A lesson in the browser."""

    def __init__(self, page: Page, server: tuple[str, str], name: str):
        address, token = server
        page.goto(f"{address}/workspaces/{name}/tree/{name}.ipynb?{token}")
        self.page = page
        self.ids = [cell.id for cell in notebooks.read(ROOT / f"lessons/{name}.ipynb").cells]
        expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(self.ids))
        expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle")

    def cell(self, cell_id: str) -> Locator:
        """The cell with that id."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self.ids.index(cell_id))

    def run_all(self) -> None:
        """Choose Run > Run All Cells, and wait until the last one has run."""
        self.choose("Run All Cells")
        expect(self.page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(
            re.compile(r"\[\d+\]:")
        )

    def choose(self, command: str) -> None:
        """Choose a command of the menu Run."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text(command, exact=True).click()

    def write(self, cell_id: str, text: str) -> None:
        """Replace the text of a cell, and run it."""
        self.cell(cell_id).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Shift+Enter")

    def run(self, cell_id: str) -> None:
        """Run one cell."""
        self.cell(cell_id).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")


def answer(name: str, cell_id: str) -> str:
    """Return what the solution has in that cell, without the markers."""
    nb = notebooks.read(ROOT / f"solutions/{name}.ipynb")
    source = next(cell.source for cell in nb.cells if cell.id == cell_id)
    assert solution_regions.BEGIN in source
    return "\n".join(line for line in source.split("\n") if not line.lstrip().startswith("###"))


def cell_with(name: str, words: str) -> str:
    """Return the id of the code cell that has these words."""
    cells = notebooks.read(ROOT / f"lessons/{name}.ipynb").cells
    return next(cell.id for cell in cells if cell.cell_type == "code" and words in cell.source)


def test_lesson_1_runs_slides_and_checks(page, server, screenshot):
    name = "01_colour_spaces"
    lesson = Notebook(page, server, name)
    lesson.run_all()
    expect(lesson.cell("setup").locator(".jp-OutputArea")).to_contain_text("✓ Ready for lesson 1")
    expect(
        page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
    ).to_have_count(0)
    screenshot(page, "lab_lesson_1")

    explorer = lesson.cell(cell_with(name, "explore_lab"))
    image, slider = explorer.locator("img"), explorer.get_by_role("slider").first
    explorer.scroll_into_view_if_needed()
    before, values = (
        image.get_attribute("src"),
        explorer.locator(".widget-html-content").inner_text(),
    )
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(image).not_to_have_attribute("src", before)
    expect(explorer.locator(".widget-html-content")).not_to_have_text(values)
    screenshot(explorer, "lab_slider")

    check = lesson.cell("e1-check").locator(".jp-OutputArea")
    expect(check).to_contain_text("○ Exercise 1.1 · Undo the gamma: not attempted yet")
    hint = check.locator("details").first
    unfolded = hint.bounding_box()["height"]
    hint.locator("summary").click()
    expect(hint).to_have_attribute("open", "")
    assert hint.bounding_box()["height"] > unfolded
    screenshot(lesson.cell("e1-check"), "lab_hint")

    lesson.write("e1-stub", answer(name, "e1-stub"))
    lesson.run("e1-check")
    expect(check).to_contain_text("✓ Exercise 1.1 · Undo the gamma: passed")
    screenshot(page, "lab_exercise")


def test_no_code_scrolls_sideways(page, server, screenshot):
    Notebook(page, server, "08_papers_compared")
    page.locator(".jp-MarkdownCell").nth(3).scroll_into_view_if_needed()
    screenshot(page, "lab_lesson_8")
    assert code_that_scrolls_sideways(page, ".jp-Notebook .cm-scroller") == []


def test_turing_game_of_lesson_6_is_playable(page, server, screenshot):
    name = "06_psnr_evaluation"
    lesson = Notebook(page, server, name)
    play = cell_with(name, "widgets.TuringGame")
    lesson.cell(lesson.ids[lesson.ids.index(play) + 1]).locator(".cm-content").click()
    lesson.choose("Run All Above Selected Cell")
    game = lesson.cell(play)
    expect(game.locator("img")).to_be_visible()
    game.scroll_into_view_if_needed()
    screenshot(game, "lab_game")
    for pair in range(1, 9):
        expect(game).to_contain_text(f"Pair {pair} of 8")
        image = game.locator("img").get_attribute("src")
        game.get_by_role("button", name="left is the photo").click()
        if pair < 8:
            expect(game.locator("img")).not_to_have_attribute("src", image)
    expect(game).to_contain_text(re.compile(r"\d of 8 photos found: .* The photos were: [LR]{8}\."))
    expect(game.get_by_role("button", name="left is the photo")).to_be_disabled()
    screenshot(game, "lab_game_over")
