"""The site from the disk, as a reader uses it: find, follow, unfold; and axe on every page."""

from __future__ import annotations

import re
from pathlib import Path

import bs4
import pytest
from playwright.sync_api import expect

from course.tool import course_config
from tests.browser.conftest import ROOT, TIMEOUT, code_that_scrolls_sideways

BUILD = ROOT / "build"
LESSONS = course_config.load(ROOT).lessons
FOLDERS = ("lessons", "solutions", "course", "library", "gallery", "")
UNWRAP = """() => {
  const seen = new Set();
  for (const span of document.querySelectorAll(".highlight span"))
    if (seen.has(span.className)) span.replaceWith(...span.childNodes);
    else seen.add(span.className);
}"""  # code has thousands of words in a dozen colours: axe looks at the first of each
MARK = """known => {
  const seen = new Set(known), found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parts = [];
    for (let box = texts.currentNode.parentElement; box; box = box.parentElement) {
      const odd = box.localName == "tr" ? box.rowIndex % 2 : "";
      parts.push([box.localName, box.getAttribute("class"), box.getAttribute("style"), odd]);
    }
    const style = JSON.stringify(parts);
    if (!texts.currentNode.data.trim() || seen.has(style)) continue;
    seen.add(style);
    found.push(style);
    texts.currentNode.parentElement.setAttribute("data-contrast", "");
  }
  return found;
}"""  # texts whose boxes have the same tags, classes and styles have the same colours
OPTIONS = {"preload": False, "resultTypes": ["violations"]}
expect.set_options(timeout=TIMEOUT)


def pages(folder: str) -> list[Path]:
    """Return the pages in a folder of the site."""
    return sorted((BUILD / folder).glob("*.html"))


def test_search_finds_a_word_of_a_lesson(page):
    page.goto((BUILD / "index.html").as_uri())
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("searchbox").last.fill("checkerboards")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Lesson 2 · The U-Net").first.click()
    expect(page.locator("h1")).to_contain_text("Lesson 2 · The U-Net")


def test_home_page_leads_to_an_answer(page, screenshot):
    first, following = LESSONS[1:3]  # lesson 0 has no formula
    page.goto((BUILD / "index.html").as_uri())
    screenshot(page, "site_home")
    page.get_by_role("navigation").get_by_role("link", name="Solutions").first.click()
    name = f"{first.number} · {first.title}"
    page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
    answer = page.locator("details", has=page.locator("summary", has_text="Our answer")).first
    expect(answer.locator(".highlight")).to_be_hidden()
    answer.locator("summary").click()
    expect(answer.locator(".highlight")).to_be_visible()
    answer.scroll_into_view_if_needed()
    screenshot(page, "site_answer")
    expect(page.locator("math").first).to_be_attached()
    page.get_by_role("link", name=re.compile(r"^next", re.I)).first.click()
    expect(page).to_have_url(re.compile(f"{following.name}.html"))


def test_lesson_leads_to_solution_and_library(page, screenshot):
    page.goto((BUILD / f"lessons/{LESSONS[0].name}.html").as_uri())
    page.get_by_role("main").get_by_role("link", name="Solution").first.click()
    expect(page).to_have_url(re.compile(f"solutions/{LESSONS[0].name}.html"))
    page.get_by_role("navigation").get_by_role("link", name="Library").first.click()
    page.get_by_role("main").get_by_role("link", name="colorlib.color", exact=True).click()
    expect(page.locator("#colorlib\\.color\\.rgb_to_lab")).to_be_visible()
    screenshot(page, "site_library")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_pictures_load_with_alt_text_and_code_of_100_columns_fits(lesson, page):
    for folder in ("lessons", "solutions"):
        page.goto((BUILD / folder / f"{lesson.name}.html").as_uri())
        pictures = page.locator("main img")
        facts = "images => images.map(image => [image.alt.length > 5, image.naturalWidth > 0])"
        assert pictures.count() > 1
        assert pictures.evaluate_all(facts) == [[True, True]] * pictures.count()
        assert code_that_scrolls_sideways(page, "div.cell_input pre") == []
        wraps = "boxes => boxes.filter(box => getComputedStyle(box).whiteSpace != 'pre').length"
        assert page.locator("div.cell_input pre").evaluate_all(wraps) == 0


def test_code_scrolls_in_its_box_on_a_phone(page, screenshot):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((BUILD / f"solutions/{LESSONS[1].name}.html").as_uri())
    assert len(code_that_scrolls_sideways(page, "div.cell_input pre")) > 10
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    article = page.locator(".bd-article-container")
    assert article.evaluate("box => box.scrollWidth - box.clientWidth") == 0
    screenshot(page, "site_phone")


@pytest.mark.parametrize("width", [1280, 390])
def test_wide_table_says_that_it_scrolls_and_does_so_by_keyboard(width, page, screenshot):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((BUILD / "solutions/08_papers_compared.html").as_uri())
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    table = page.get_by_role("region", name=re.compile(r"^Table \d+, scrolls sideways")).first
    hint = page.get_by_text("This table is wider than the page").first
    expect(hint).to_be_visible()
    expect(table).to_have_class(re.compile("more-right"))
    hint.scroll_into_view_if_needed()
    screenshot(page, f"site_wide_table_{width}")
    table.focus()
    for _ in range(200):
        page.keyboard.press("ArrowRight")
    expect(table).not_to_have_class(re.compile("more-right"))  # its last column is in sight


def test_handle_of_the_home_page_moves_by_keyboard(page):
    page.goto((BUILD / "index.html").as_uri())
    handle = page.get_by_role("slider")
    gray = page.locator(".compare img").first
    before = gray.evaluate("image => getComputedStyle(image).clipPath")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(handle).to_have_value("51")
    assert gray.evaluate("image => getComputedStyle(image).clipPath") != before


def test_figure_in_the_dark_has_one_box(page):
    page.emulate_media(color_scheme="dark")
    page.goto((BUILD / f"solutions/{LESSONS[4].name}.html").as_uri())
    figure = page.locator(".cell_output .text_html:has(> p > img)").first
    expect(figure).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    expect(figure.locator("img")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_every_page_has_the_same_menu():
    menus, only = {}, bs4.SoupStrainer(class_=re.compile(r"\bnavbar-nav\b"))
    for path in (path for folder in FOLDERS for path in pages(folder)):
        soup = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser", parse_only=only)
        menus[path.relative_to(BUILD).as_posix()] = soup.select_one(".navbar-nav").get_text(
            "|", True
        )
    assert len(menus) > 40
    assert {path for path, menu in menus.items() if menu != menus["index.html"]} == set()


def problems(page, seen: set[str]) -> list[str]:
    """Return what axe finds on a page; the contrast of texts is computed once for each style.

    Args:
        page: The page in the browser.
        seen: Styles of texts whose contrast was looked at on other pages; the page's are added.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(UNWRAP)
    no_contrast = {"rules": {"color-contrast": {"enabled": False}}}
    found = Axe().run(page, options=OPTIONS | no_contrast).response["violations"]
    if styles := page.evaluate(MARK, sorted(seen)):
        seen.update(styles)
        only, marked = {"runOnly": ["color-contrast"]}, {"include": [["[data-contrast]"]]}
        found += Axe().run(page, marked, OPTIONS | only).response["violations"]
    nodes = {rule["id"]: [node["html"][:200] for node in rule["nodes"][:3]] for rule in found}
    return [f"{Path(page.url).name}: {name}: {boxes}" for name, boxes in nodes.items()]


@pytest.fixture(scope="module")
def seen_styles() -> dict[str, set[str]]:
    """Styles of texts whose contrast was looked at, in the light and in the dark."""
    return {"light": set(), "dark": set()}


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("folder", FOLDERS)
def test_axe_finds_nothing(folder, part, page, seen_styles):
    found, paths = [], pages(folder)
    assert len(paths) > 1 or folder == "gallery"
    for path in paths[part::2]:
        page.goto(path.as_uri())
        found += problems(page, seen_styles["light"])
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "name", ["index", "search", "course/papers", f"solutions/{LESSONS[0].name}"]
)
def test_dark_mode_has_enough_contrast(name, page, screenshot, seen_styles):
    page.emulate_media(color_scheme="dark")
    page.goto((BUILD / f"{name}.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert problems(page, seen_styles["dark"]) == []
    screenshot(page, f"site_dark_{name.replace('/', '_')}")


def test_axe_finds_bad_contrast_once_and_other_faults_on_every_page(page):
    """The first gray text has the style of no text before it, so that axe looks at it."""
    pale = '<p class="pale" style="color: #ccc">pale</p>'
    seen = set()
    for n, expected in enumerate([["color-contrast", "image-alt"], ["image-alt"]]):
        page.set_content(f"<html lang=en><title>a</title><main><h1>a</h1>{pale}<img src=x></main>")
        found = sorted(line.split(": ")[1] for line in problems(page, seen))
        assert found == expected, n
