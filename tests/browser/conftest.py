"""A browser that reaches only this machine, and a folder for screenshots."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build/screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = "found no Chromium, expected one: on Debian and Ubuntu, install the package chromium."
TIMEOUT = 300_000  # milliseconds: only a test that fails waits so long
HERE = ("localhost", "127.0.0.1")
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"  # the only remote picture

WIDE = """(boxes) => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  return boxes.filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.innerText);
}"""


def code_that_scrolls_sideways(page, selector: str) -> list[str]:
    """Return the texts of boxes of code that are wider than their place on the page."""
    boxes = page.locator(selector)
    assert boxes.count() > 20
    return boxes.evaluate_all(WIDE)


@pytest.fixture(scope="session")
def browser():
    """The Chromium of this machine."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()


@contextmanager
def open_page(browser):
    """Yield a page of a laptop's size that reaches only files and this machine.

    Afterwards it raises AssertionError if the page has requested something from another place.
    """
    requests = []

    def route(route):
        address = urlsplit(route.request.url)
        if address.scheme in ("file", "data", "blob") or address.hostname in HERE:
            route.continue_()
        else:
            if route.request.url != BADGE:
                requests.append(route.request.url)
            route.abort()

    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT)
    context.route("**/*", route)
    yield context.new_page()
    context.close()
    assert requests == []


@pytest.fixture
def page(browser):
    """A page for one test."""
    with open_page(browser) as page:
        yield page


@pytest.fixture(scope="session")
def screenshot():
    """Save how a page or a part of it looks: ``screenshot(page, "name")``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return lambda thing, name: thing.screenshot(path=SCREENSHOTS / f"{name}.png")
