"""The page that colours a photo, in Chromium: from a server and from the disk, with real files."""

from __future__ import annotations

import base64
import functools
import io
import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from playwright.sync_api import expect

from colorlib import pretrained
from colorlib.color import rgb_to_lab
from colorlib.data import sample_photos
from colorlib.inference.uncertainty import with_uncertainty
from colorlib.io.exif import PROVENANCE_NOTE
from colorlib.io.images import load_image
from tests.browser.conftest import ROOT, TIMEOUT, open_page
from tests.course.fake_download_server import SilentHandler

BUILD = ROOT / "build"
DISK = (BUILD / "colour.html").as_uri()
PHOTOS = {photo.name: photo.path for photo in sample_photos("all")}
COLORS = "Your photo in the colours of the model"
UNCERTAINTY = "Your photo in gray, with orange where the model guesses its colours"
READY = "html[data-colour-page]"
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="session")
def hosted(tmp_path_factory) -> str:
    """The address of the page on a server, below a path as a project on GitHub Pages has it."""
    root = tmp_path_factory.mktemp("host")
    (root / "courses").mkdir()
    (root / "courses/colour").symlink_to(BUILD, target_is_directory=True)
    handler = functools.partial(SilentHandler, directory=root)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/courses/colour/colour.html"
        server.shutdown()


@pytest.fixture(scope="module")
def colour_page(browser, hosted):
    """The page from the server for several tests: a person colours one photo after the other."""
    with open_page(browser) as page:
        page.goto(hosted)
        yield page


@pytest.fixture(scope="module")
def disk_page(browser):
    """The page from the disk, for several tests."""
    with open_page(browser) as page:
        page.goto(DISK)
        yield page


@functools.cache
def load_model(name: str):
    return pretrained.load(name)


@contextmanager
def computing_in_32_bits():
    """Make the library compute in 32 bits as the page does, also where 16 are faster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colorlib.colorizer.amp_dtype", lambda device: None)
        yield


def library_colors(name: str, photo: Path, **options) -> Image.Image:
    """Colour a photo with the library."""
    with computing_in_32_bits():
        return load_model(name)(photo, **options)


def library_map(name: str, photo: Path) -> Image.Image:
    """Show with the library where a model guesses."""
    with computing_in_32_bits():
        return with_uncertainty(load_model(name), pretrained.weights_path(name))(photo)


def clear_status(page) -> None:
    page.evaluate("document.getElementById('colour-status').textContent = ''")


def choose(page, photo: Path) -> None:
    page.wait_for_selector(READY)
    clear_status(page)
    page.locator("#colour-file").set_input_files(photo)


def wait_for_colours(page) -> None:
    expect(page.locator("#colour-status")).to_contain_text("Done.")


def download(page) -> Image.Image:
    with page.expect_download() as found:
        page.get_by_role("button", name="Download as PNG").click()
    return Image.open(io.BytesIO(Path(found.value.path()).read_bytes()))


def shown(page, name: str) -> Image.Image:
    """Return what the page shows to the right of the line, once its description is ``name``."""
    canvas = page.get_by_role("img", name=name)
    expect(canvas).to_have_id("colour-coloured")
    data = canvas.evaluate("canvas => canvas.toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2])))


def difference(image: Image.Image, expected: Image.Image) -> np.ndarray:
    assert image.size == expected.size
    return np.abs(np.asarray(image.convert("RGB"), int) - np.asarray(expected.convert("RGB"), int))


def lightness(image: Image.Image) -> torch.Tensor:
    return rgb_to_lab(torch.from_numpy(np.array(image.convert("RGB"))).movedim(-1, 0)[None])[:, :1]


def saved(tmp_path: Path, name: str, image: Image.Image, **options) -> Path:
    image.save(tmp_path / name, **options)
    return tmp_path / name


def small_photo() -> Image.Image:
    return load_image(PHOTOS["flower"]).resize((160, 107))


def test_sample_photos_get_the_colours_of_the_library(colour_page):
    for path in PHOTOS.values():
        choose(colour_page, path)
        wait_for_colours(colour_page)
        found, expected = download(colour_page), library_colors("vivid", path)
        off = difference(found, expected)
        assert off.mean() < 0.1
        assert np.percentile(off, 99) <= 2
        assert (lightness(found) - lightness(expected)).abs().max() < 1  # the rounding to 8 bits


def test_page_from_the_disk_colours_a_photo(disk_page, screenshot):
    page = disk_page
    page.get_by_role("button", name="Chelsea the cat").click()
    wait_for_colours(page)
    expect(page.locator("#colour-size")).to_contain_text("pixels")
    screenshot(page, "colour_page")
    image = download(page)
    assert np.asarray(image.convert("RGB"), int).std(axis=2).mean() > 3  # it has colours


def test_other_model_and_strength(page, hosted, tmp_path):
    photo = saved(tmp_path, "small.png", small_photo())
    page.goto(hosted)
    choose(page, photo)
    wait_for_colours(page)
    page.get_by_label("plain").check()
    expect(page.locator("#colour-status")).to_contain_text("Loading")
    wait_for_colours(page)
    assert difference(download(page), library_colors("plain", photo)).mean() < 0.2
    page.locator("#colour-strength").fill("150")
    expect(page.locator("#colour-strength-value")).to_have_text("150 %")
    assert difference(download(page), library_colors("plain", photo, saturation=1.5)).mean() < 0.2
    page.locator("#colour-strength").fill("0")
    assert np.asarray(download(page).convert("RGB"), int).std(axis=2).max() < 1


def test_map_shows_where_the_model_guesses(page, hosted):
    page.goto(hosted)
    page.get_by_role("button", name="A cup of espresso").click()
    wait_for_colours(page)
    photo = BUILD / "colour" / page.locator("[data-sample*=coffee]").get_attribute("data-sample")
    colors = shown(page, COLORS)
    assert difference(colors, library_colors("vivid", photo)).mean() < 0.2
    note = page.get_by_text("The more orange")
    expect(note).to_be_hidden()

    box = page.get_by_label("Show where the model guesses")
    expect(box).not_to_be_checked()
    box.focus()
    page.keyboard.press("Space")
    vivid = shown(page, UNCERTAINTY)
    assert difference(vivid, library_map("vivid", photo)).mean() < 1
    assert difference(vivid, colors).mean() > 10
    expect(note).to_be_visible()
    page.locator("#colour-strength").fill("50")
    wait_for_colours(page)
    assert difference(shown(page, UNCERTAINTY), vivid).max() == 0
    page.locator("#colour-strength").fill("100")
    assert difference(download(page), colors).max() == 0  # the file has colours

    clear_status(page)
    page.get_by_label("plain").check()
    wait_for_colours(page)
    plain = shown(page, UNCERTAINTY)
    assert difference(plain, library_map("plain", photo)).mean() < 1
    assert difference(plain, vivid).mean() > 1
    box.uncheck()
    assert difference(shown(page, COLORS), library_colors("plain", photo)).mean() < 0.2
    expect(note).to_be_hidden()


def test_box_is_hidden_if_the_model_cannot_say_where_it_guesses(page, hosted):
    page.add_init_script(
        """addEventListener("readystatechange", () => {
          const settings = document.getElementById("colour-settings");
          const content = JSON.parse(settings.textContent);
          content.models.plain.settings.has_uncertainty = false;
          settings.textContent = JSON.stringify(content);
        }, { capture: true, once: true });"""
    )
    page.goto(hosted)
    page.get_by_role("button", name="A cup of espresso").click()
    wait_for_colours(page)
    box = page.get_by_label("Show where the model guesses")
    box.check()
    shown(page, UNCERTAINTY)
    page.get_by_label("plain").check()
    expect(box).to_be_hidden()
    shown(page, COLORS)
    page.get_by_label("vivid").check()
    expect(box).to_be_checked()
    shown(page, UNCERTAINTY)


def test_controls_work_while_the_model_loads(page, hosted, tmp_path):
    photo = saved(tmp_path, "small.png", small_photo())
    page.goto(hosted)
    held = []
    page.route("**/vivid.onnx.gz", lambda route: held.append(route))
    with page.expect_request("**/vivid.onnx.gz"):
        choose(page, photo)
    expect(page.locator("#colour-status")).to_contain_text("Loading")
    page.locator("#colour-strength").fill("150")
    page.get_by_label("Show where the model guesses").check()
    page.get_by_label("Show where the model guesses").uncheck()
    held[0].continue_()
    wait_for_colours(page)
    expected = library_colors("vivid", photo, saturation=1.5)
    assert difference(shown(page, COLORS), expected).mean() < 0.2


def test_turned_photo_comes_out_upright_with_its_texts_and_a_note(colour_page, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "Ada"
    photo = saved(tmp_path, "turned.jpg", small_photo(), exif=exif, quality=95)
    choose(colour_page, photo)
    wait_for_colours(colour_page)
    image = download(colour_page)
    assert image.size == (107, 160)
    assert difference(image, library_colors("vivid", photo)).mean() < 0.5  # of two JPEG decoders
    texts = {ExifTags.Base(tag).name: value for tag, value in image.getexif().items()}
    assert texts["ImageDescription"] == PROVENANCE_NOTE
    assert texts["Artist"] == "Ada"
    assert "Orientation" not in texts


def test_transparent_photo_keeps_its_alpha(colour_page, tmp_path):
    alpha = Image.linear_gradient("L").resize((160, 107))
    transparent = small_photo()
    transparent.putalpha(alpha)
    photo = saved(tmp_path, "transparent.png", transparent)
    choose(colour_page, photo)
    wait_for_colours(colour_page)
    image, expected = download(colour_page), library_colors("vivid", photo)
    assert image.mode == "RGBA"
    assert difference(image.getchannel("A"), expected.getchannel("A")).max() == 0
    visible = np.asarray(alpha) > 128  # a canvas rounds the colours of what is hardly visible
    assert difference(image, expected)[visible].mean() < 1


def test_border_of_a_print_stays_gray(colour_page, tmp_path):
    framed = Image.new("RGB", (200, 147), "white")
    framed.paste(small_photo(), (20, 20))
    photo = saved(tmp_path, "print.png", framed)
    choose(colour_page, photo)
    wait_for_colours(colour_page)
    image = download(colour_page)
    assert difference(image, library_colors("vivid", photo)).mean() < 0.2
    assert set(np.asarray(image.convert("RGB"))[:10].flatten()) == {255}


PNG = io.BytesIO()
small_photo().save(PNG, "PNG")
JPEG = io.BytesIO()
small_photo().save(JPEG, "JPEG")
BAD_FILES = {
    "empty.jpg": (b"", "empty"),
    "holiday.heic": (b"\0\0\0\x18ftypheic" + bytes(90), "HEIC"),
    "cut.jpg": (JPEG.getvalue()[:-900], "the end of the JPEG file is missing"),
    "cut.png": (PNG.getvalue()[:900], "damaged PNG"),
    "notes.jpg": (b"These are notes, and no photo.", "is not a photo"),
    "scan.tif": (b"II*\0" + bytes(90), "TIFF"),
    "paper.pdf": (b"%PDF-1.7" + bytes(90), "PDF"),
    "film.mp4": (b"\0\0\0\x18ftypisom" + bytes(90), "video"),
}


@pytest.mark.parametrize("source", ["disk_page", "colour_page"])
def test_file_that_is_no_photo_gets_one_sentence(request, tmp_path, source):
    page = request.getfixturevalue(source)
    for name, (data, expected) in BAD_FILES.items():
        (tmp_path / name).write_bytes(data)
        choose(page, tmp_path / name)
        status = page.locator("#colour-status.is-error")
        expect(status).to_contain_text(expected)
        expect(status).to_contain_text(name)
        assert "\n" not in status.inner_text().strip()
    choose(page, saved(tmp_path, "good.png", small_photo()))
    wait_for_colours(page)  # a bad file harms nothing
    expect(page.locator("#colour-status.is-error")).to_have_count(0)


def test_last_of_two_photos_is_shown(colour_page, tmp_path):
    page = colour_page
    choose(page, PHOTOS["astronaut"])
    choose(page, saved(tmp_path, "second.png", small_photo()))
    wait_for_colours(page)
    expect(page.locator("#colour-size")).to_have_text("160 x 107 pixels")
    assert download(page).size == (160, 107)


def give(page, kind: str, data: bytes, name: str, then: str = "") -> None:
    """Drop or paste a file, and run JavaScript before the page can read the file."""
    page.evaluate(
        """([kind, data, name, then]) => {
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(data)], name, { type: "image/png" }));
          const event = kind === "drop"
            ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: files, bubbles: true });
          document.body.dispatchEvent(event);
          new Function(then)();
        }""",
        [kind, list(data), name, then],
    )


MOVE_STRENGTH = """
    const strength = document.getElementById("colour-strength");
    strength.value = 150;
    strength.dispatchEvent(new Event("input"));
"""
CLICK_DOWNLOAD = 'document.getElementById("colour-download").click();'


@pytest.mark.parametrize("then", [MOVE_STRENGTH, CLICK_DOWNLOAD], ids=["strength", "download"])
def test_control_that_is_used_while_a_second_photo_is_read(page, hosted, tmp_path, then):
    photo = saved(tmp_path, "second.png", small_photo())
    page.goto(hosted)
    choose(page, PHOTOS["astronaut"])
    wait_for_colours(page)
    clear_status(page)
    downloads = []
    page.on("download", lambda found: downloads.append(found))
    give(page, "paste", photo.read_bytes(), "second.png", then)
    expect(page.locator("#colour-size")).to_have_text("160 x 107 pixels")
    expect(page.locator("#colour-status")).to_contain_text(
        "second-colorized.png is saved" if then == CLICK_DOWNLOAD else "Done."
    )
    expected = library_colors("vivid", photo, saturation=1.5 if then == MOVE_STRENGTH else 1.0)
    assert difference(shown(page, COLORS), expected).mean() < 0.2
    gray = page.locator("#colour-gray").evaluate("canvas => [canvas.width, canvas.height]")
    assert gray == [160, 107]
    for found in downloads:
        assert found.suggested_filename == "second-colorized.png"
        assert Image.open(found.path()).size == (160, 107)


def test_photo_stays_if_the_next_file_is_no_photo(page, hosted, tmp_path):
    page.goto(hosted)
    choose(page, saved(tmp_path, "first.png", small_photo()))
    wait_for_colours(page)
    give(page, "drop", b"no photo", "second.png", MOVE_STRENGTH)
    expect(page.locator("#colour-status.is-error")).to_contain_text("second.png")
    page.locator("#colour-strength").fill("100")
    wait_for_colours(page)
    assert download(page).size == (160, 107)


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_photo_is_dropped_or_pasted(colour_page, tmp_path, kind):
    page = colour_page
    page.wait_for_selector(READY)
    clear_status(page)
    data = saved(tmp_path, "small.png", small_photo()).read_bytes()
    give(page, kind, data, "lawn.png")
    wait_for_colours(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="Download as PNG").click()
    assert found.value.suggested_filename == "lawn-colorized.png"


def test_keyboard_moves_the_line(colour_page, tmp_path):
    choose(colour_page, saved(tmp_path, "small.png", small_photo()))
    wait_for_colours(colour_page)
    slider = colour_page.get_by_role("slider", name="Where the gray photo ends")
    slider.focus()
    for _ in range(10):
        colour_page.keyboard.press("ArrowRight")
    split = "getComputedStyle(document.getElementById('colour-stack')).getPropertyValue('--split')"
    assert colour_page.evaluate(split).strip() == "60%"


@pytest.mark.parametrize("name", ["WebAssembly", "OffscreenCanvas"])
def test_old_browser_gets_one_sentence(page, hosted, name):
    page.add_init_script(f"delete globalThis.{name}")
    page.goto(hosted)
    expect(page.locator("#colour-status")).to_contain_text(f"This browser lacks {name}")
    expect(page.get_by_role("button", name="Choose a photo")).to_be_disabled()


def test_missing_file_of_the_page_gets_one_sentence_and_a_second_try(page, hosted, tmp_path):
    page.goto(hosted)
    page.route("**/vivid.onnx.gz", lambda route: route.fulfill(status=404))
    photo = saved(tmp_path, "small.png", small_photo())
    choose(page, photo)
    expect(page.locator("#colour-status.is-error")).to_contain_text("vivid.onnx.gz")
    page.unroute("**/vivid.onnx.gz")
    choose(page, photo)
    wait_for_colours(page)


def test_browser_refuses_requests_to_other_places(page, hosted):
    page.goto(hosted)
    refused = page.evaluate(
        """async () => {
          const places = [];
          addEventListener("securitypolicyviolation", (event) => places.push(event.blockedURI));
          await fetch("https://example.org/photo", { method: "POST", body: "x" }).catch(() => {});
          new Image().src = "https://example.org/pixel.png";
          await new Promise((resolve) => setTimeout(resolve, 200));
          return places;
        }"""
    )
    assert refused == ["https://example.org/photo", "https://example.org/pixel.png"]


def test_result_is_accessible_and_fits_a_phone(page, hosted, screenshot):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(hosted)
    page.get_by_role("button", name="Chelsea the cat").click()
    wait_for_colours(page)
    options = {"preload": False, "resultTypes": ["violations"]}
    box = page.get_by_label("Show where the model guesses")
    for scheme, has_map in (("light", False), ("light", True), ("dark", True), ("dark", False)):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        box.set_checked(has_map)
        shown(page, UNCERTAINTY if has_map else COLORS)
        screenshot(page, f"colour_page_phone_{scheme}{'_map' if has_map else ''}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        found = Axe().run(page, options=options).response["violations"]
        assert found == [], [problem["nodes"][0]["html"] for problem in found]
