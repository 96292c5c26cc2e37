"""A person draws hints on a photo in JupyterLab: with a mouse, and with the keyboard alone."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import TIMEOUT
from tests.browser.lab_server import start_lab

WIDTH, HEIGHT = 240, 120  # of the photo: a dark half and a bright one
CODE = f"""
from PIL import Image
from colorlib.notebook.hint_painter import HintPainter

photo = Image.new("RGB", ({WIDTH}, {HEIGHT}), (90, 90, 90))
photo.paste((170, 170, 170), ({WIDTH // 2}, 0, {WIDTH}, {HEIGHT}))
painter = HintPainter(photo)
painter
"""
PIXEL = """(image, [x, y, width, height]) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3));
}"""
LEFT, RIGHT = (WIDTH // 4, HEIGHT // 2), (3 * WIDTH // 4, HEIGHT // 2)
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a JupyterLab with a notebook of two cells: the painter, and its strokes."""
    home = tmp_path_factory.mktemp("home")
    (home / "my").mkdir()
    cells = [nbformat.v4.new_code_cell(text) for text in (CODE, "painter.strokes")]
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(nb, home / "my/paint.ipynb")
    with start_lab(home) as found:
        yield found


class Painter:
    """The painter in its notebook, after the first cell has run."""

    def __init__(self, page: Page, server: tuple[str, str], workspace: str):
        address, token = server
        page.goto(f"{address}/workspaces/{workspace}/tree/paint.ipynb?{token}")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle")
        self.page = page
        self.run_cell(0)
        self.root = page.locator(".hint-painter")
        self.canvas = self.root.get_by_role("application")
        self.result = self.root.get_by_role("img")
        self.expect_strokes("no strokes")
        self.canvas.scroll_into_view_if_needed()

    def run_cell(self, number: int) -> Locator:
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        return cell.locator(".jp-OutputArea")

    def expect_strokes(self, text: str) -> None:
        expect(self.result).to_have_attribute("alt", f"The coloured photo: {text}")
        expect(self.root.get_by_text(text, exact=True)).to_be_visible()

    def choose(self, color: str) -> None:
        self.root.get_by_label("Colour", exact=True).fill(color)

    def drag(self, *places: tuple[int, int]) -> None:
        """Draw with the mouse, from pixel to pixel of the photo."""
        box = self.canvas.bounding_box()
        scale = box["width"] / WIDTH
        assert box["height"] == pytest.approx(scale * HEIGHT, abs=1)
        mouse = self.page.mouse
        for number, (x, y) in enumerate(places):
            mouse.move(box["x"] + scale * (x + 0.5), box["y"] + scale * (y + 0.5), steps=4)
            if number == 0:
                mouse.down()
        mouse.up()

    def color_at(self, place: tuple[int, int]) -> list[int]:
        """Return red, green and blue of the result."""
        return self.result.evaluate(PIXEL, [*place, WIDTH, HEIGHT])

    def canvas_at(self, place: tuple[int, int]) -> list[int]:
        """Return red, green and blue of the canvas."""
        return self.canvas.evaluate(PIXEL, [*place, WIDTH, HEIGHT])


def is_gray(color: list[int]) -> bool:
    return max(color) - min(color) <= 3


def test_mouse_draws_and_undo_takes_it_back(page, server, screenshot):
    painter = Painter(page, server, "mouse")
    assert is_gray(painter.color_at(LEFT)) and is_gray(painter.color_at(RIGHT))

    painter.choose("#3a62c4")
    painter.drag((30, 30), (90, 30))
    painter.expect_strokes("1 stroke")
    red, _, blue = painter.color_at(LEFT)
    assert blue > red + 60

    painter.choose("#c03028")
    painter.drag((200, 100))
    painter.expect_strokes("2 strokes")
    assert painter.canvas_at((200, 100)) == pytest.approx([0xC0, 0x30, 0x28], abs=30)
    assert painter.canvas_at((60, 30)) == pytest.approx([0x3A, 0x62, 0xC4], abs=30)
    assert is_gray(painter.canvas_at(RIGHT))
    red, _, blue = painter.color_at(RIGHT)
    assert red > blue + 40
    red, _, blue = painter.color_at(LEFT)
    assert blue > red + 60
    screenshot(painter.root, "lab_hint_painter")

    painter.root.get_by_role("button", name="Undo").click()
    painter.expect_strokes("1 stroke")
    red, _, blue = painter.color_at(RIGHT)  # now the blue hint is the only one
    assert blue > red + 40
    painter.root.get_by_role("button", name="Clear").click()
    painter.expect_strokes("no strokes")
    assert is_gray(painter.color_at(LEFT))
    painter.root.get_by_role("button", name="Undo").click()
    painter.expect_strokes("1 stroke")

    strokes = painter.run_cell(1)
    expect(strokes).to_contain_text("'color': '#3a62c4', 'points': [[30, 30],")
    expect(strokes).to_contain_text("[90, 30]]}]")


def test_keyboard_alone_draws_and_undoes(page, server):
    painter = Painter(page, server, "keyboard")
    painter.choose("#3a62c4")
    page.keyboard.press("Tab")  # to Undo
    page.keyboard.press("Tab")  # to Clear
    page.keyboard.press("Tab")
    expect(painter.canvas).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    x, y = WIDTH // 2 - 2 * 4, HEIGHT // 2 - 4 - 1
    expect(painter.root.get_by_text(f"x {x}, y {y}", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    painter.expect_strokes("1 stroke")
    red, _, blue = painter.color_at(LEFT)
    assert blue > red + 60
    expect(painter.canvas).to_be_focused()  # JupyterLab did not take the key
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    painter.expect_strokes("2 strokes")
    page.keyboard.press("Control+z")
    painter.expect_strokes("1 stroke")
    page.keyboard.press("Control+z")
    painter.expect_strokes("no strokes")
    assert is_gray(painter.color_at(LEFT))
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2)
