"""Every photo there is: the picture that it means or one sentence; a folder run goes on past bad ones."""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from awkward import BAD, BOMBS, GOOD, png, saved
from PIL import Image, ImageCms

from colorlib.cli import main
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import list_images
from colorlib.io import images
from colorlib.io.images import ImageError, load_image
from colorlib.unet import UNet


def off(picture, expected):
    """How far any value of a picture is from what was meant; endless if its size is another."""
    found, expected = np.asarray(picture.convert("RGB")).astype(float), np.asarray(expected, float)
    expected = expected[..., None] if expected.ndim == 2 else expected
    return np.abs(found - expected).max() if found.shape[:2] == expected.shape[:2] else np.inf


def lightness(pixels):
    pixels = np.asarray(pixels, np.uint8)
    rgb = np.broadcast_to(pixels if pixels.ndim == 3 else pixels[..., None], (*pixels.shape[:2], 3))
    return rgb_to_lab(images.image_to_tensor(Image.fromarray(np.ascontiguousarray(rgb))))[
        0, 0
    ].numpy()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    return str(Colorizer(UNet(num_downs=3, base_channels=4), image_size=16).save(path))


@pytest.fixture
def colorize(weights, capsys):
    """Run the command as a person does: status, standard output, error stream."""

    def run(*words, model=weights):
        status = main(["colorize", *map(str, words), "--model", str(model)])
        return status, *capsys.readouterr()

    return run


def put(root, cases):
    root.mkdir()
    for name, (data, *_) in cases.items():
        (root / name).write_bytes(data)
    return root


@pytest.mark.parametrize("name", GOOD)
def test_it_is_read_as_the_picture_that_is_meant(name, tmp_path, tried):
    data, expected, tolerance = GOOD[name]
    root = put(tmp_path / "photos", {name: (data,)})
    tried(
        "awkward photo: the expected picture",
        1,
        int(off(load_image(root / name), expected) > tolerance),
    )


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_in_one_sentence_that_says_what_to_do(name, tmp_path, colorize, tried):
    data, words = BAD[name]
    photo = put(tmp_path / "photos", {name: (data,)}) / name
    with pytest.raises(ImageError) as refused:
        load_image(photo)
    said = str(refused.value)
    assert said.startswith(str(photo)) and words in said and "\n" not in said and said.endswith(".")
    status, out, err = colorize(photo)
    assert (status, out) == (1, "") and err == f"colorlib colorize: {said}\n"
    tried("awkward photo: the expected sentence", 1, int(os.listdir(photo.parent) != [name]))


def test_a_folder_run_goes_on_past_bad_ones_and_lists_them(tmp_path, colorize, tried):
    root = put(tmp_path / "photos", GOOD | BAD)
    result = root / "loop.jpg", root / "nowhere.png", root / "album"
    result[0].symlink_to(result[0])
    result[1].symlink_to("gone.png")
    result[2].symlink_to(root)  # a link to a folder is not followed: this one would never end
    (root / "a link.png").symlink_to("interlaced.png")
    (root / "a folder.jpg").mkdir()
    good = GOOD | {"a link.png": GOOD["interlaced.png"]}
    bad = BAD | {"loop.jpg": (b"", "leads to no file"), "nowhere.png": (b"", "leads to no file")}

    status, out, _ = colorize(root, "--out", tmp_path / "out", "--json")
    told = json.loads(out)
    assert status == 1 and set(told["skipped"]) == set(bad)
    assert all(words in told["skipped"][name] for name, (_, words) in bad.items())
    assert (
        len(told["written"])
        == len(set(told["written"]))
        == len(good)
        == len(os.listdir(tmp_path / "out"))
    )

    lost = 0
    for name, path in zip(sorted(good), told["written"], strict=True):
        _, expected, tolerance = good[name]
        with Image.open(path) as colored:
            assert Path(path).suffix in (Path(name).suffix, ".png") and colored.mode == "RGB"
            lossy = tolerance + 8 * (colored.format == "JPEG")
            error = np.abs(lightness(colored) - lightness(expected)).max()
        lost += not error < 1 + lossy / 2
    tried("folder run past bad photos", len(good) + len(bad), lost)

    status, out, err = colorize(root, "--out", tmp_path / "out")
    assert status == 1 and f"coloured: 0, there already: {len(good)}, failed: {len(bad)}" in out
    assert all(f"\n  {name}: " in out for name in bad) and "Traceback" not in err
    status, out, _ = colorize(root / "half.jpg", root / "interlaced.png", "--out", tmp_path / "two")
    assert status == 1 and "coloured: 1, there already: 0, failed: 1" in out


def test_a_link_that_leads_nowhere_names_where(tmp_path):
    (tmp_path / "cat.png").symlink_to("gone.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    for name, target in {"cat.png": "gone.png", "loop.png": "loop.png"}.items():
        with pytest.raises(
            FileNotFoundError, match=f"{name} is a link to {target}, which leads to no file"
        ):
            load_image(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="holds no file ending in"):
        list_images(tmp_path)  # who trains on a folder has no use for them


def test_a_folder_in_place_of_a_file(tmp_path, colorize):
    put(tmp_path / "photos", {"a.png": GOOD["interlaced.png"]})
    (tmp_path / "b.jpg").mkdir()
    status, out, _ = colorize(
        tmp_path / "photos/a.png", tmp_path / "b.jpg", "--out", tmp_path / "out"
    )
    assert (
        status == 1 and "b.jpg is a folder, expected one image file; name a file inside it" in out
    )
    status, _, err = colorize(tmp_path / "b.jpg")
    assert (
        status == 1
        and "b.jpg holds no file ending in" in err
        and not (tmp_path / "b.jpg-colorized").exists()
    )


@pytest.fixture
def nobody(colorize, weights):
    """Give up root's rights for a while; yields a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o777)
        shutil.copy(weights, path)
        colorize(
            put(Path(path, "warm"), {"a.png": GOOD["interlaced.png"]})
        )  # nothing is left to import
        was = os.geteuid()
        if was == 0:
            os.seteuid(65534)
        yield Path(path)
        os.seteuid(was)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other rights")
def test_what_may_not_be_read_is_named_and_passed_over(nobody, tmp_path_factory, tried):
    root = put(nobody / "photos", {name: GOOD["interlaced.png"] for name in ("a.png", "b.png")})
    put(root / "closed", {"c.png": GOOD["interlaced.png"]})
    (root / "b.png").chmod(0)
    (root / "closed").chmod(0)
    listed = {photo.name: photo for photo in list_images(root, include_unreadable=True)}
    assert list(listed) == ["a.png", "b.png", "closed"] and [p.name for p in list_images(root)] == [
        "a.png",
        "b.png",
    ]
    for name in ("b.png", "closed"):
        with pytest.raises(
            ImageError, match=f"{name} cannot be opened .*denied.*; check that you may read it"
        ):
            listed[name].image()
    tried("unreadable", 2, int(off(listed["a.png"].image(), GOOD["interlaced.png"][1]) > 0))
    (root / "closed").chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other rights")
def test_a_folder_run_with_closed_doors(nobody, colorize, caplog, tried):
    model = nobody / "tiny.safetensors"
    root = put(nobody / "photos", {name: GOOD["interlaced.png"] for name in ("a.png", "b.png")})
    put(root / "closed", {"c.png": GOOD["interlaced.png"]})
    (root / "b.png").chmod(0)
    (root / "closed").chmod(0)
    status, out, _ = colorize(root, model=model)
    assert status == 1 and "coloured: 1, there already: 0, failed: 2" in out
    assert "b.png: " in out and "closed: " in out and "closed cannot be listed" in caplog.text
    (nobody / "shut").mkdir(0o500)
    status, _, err = colorize(root / "a.png", "--out", nobody / "shut/a.png", model=model)
    assert status == 1 and "cannot be written" in err and "check its folder" in err
    tried("unreadable", 3, len(os.listdir(nobody / "shut")))
    (root / "closed").chmod(0o700)


NAMES = [
    b"\xe9t\xe9.jpg",
    "n" * 251 + ".png",
    "長" * 83 + ".webp",
    "two\nlines.png",
    "--help.png",
    "%n.png",
]


@pytest.mark.parametrize(
    "name", NAMES, ids=["latin-1", "255", "255 in three bytes", "line", "dash", "percent"]
)
def test_names(name, tmp_path, colorize, tried):
    """A name that no encoding fits, one as long as can be: the photo is coloured, and its name is told."""
    photo = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    try:
        Path(os.fsdecode(photo)).write_bytes(GOOD["interlaced.png"][0])
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    status, out, _ = colorize(os.fsdecode(photo))
    (made,) = {path.name for path in tmp_path.iterdir()} - {os.fsdecode(name)}
    assert (
        status == 0
        and "-colorized." in made
        and len(os.fsencode(made)) <= 255
        and "colorized" in out
    )
    status, out, _ = colorize(tmp_path, "--out", tmp_path / "out")
    assert status == 0 and "coloured: 2" in out
    tried("name", 2, int(len(list((tmp_path / "out").iterdir())) != 2))


def test_the_screen_may_lack_letters(tmp_path, weights, monkeypatch):
    """As on Windows, where a pipe has 256 letters, and on servers with none but ASCII."""
    photo = put(tmp_path / "photos", {"夏.png": GOOD["interlaced.png"]}) / "夏.png"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(screen := io.BytesIO(), encoding="ascii"))
    assert main(["colorize", str(photo), "--model", weights]) == 0
    sys.stdout.flush()
    assert screen.getvalue().endswith(b"\\u590f-colorized.png\n")


READ_ALL = """
import resource, sys
from pathlib import Path
from colorlib.io.images import ImageError, read
from PIL import Image
Image.init()
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 150_000_000,) * 2)
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read(path)
        print("read", path.name)
    except ImageError as error:
        print(error)
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="only Linux says what a process holds"
)
def test_bombs_take_no_memory_and_what_does_is_told_so(tmp_path, tried):
    """In a process that may take 150 MB more: only the honest picture of 63 million pixels feels that."""
    honest = png([bytes(1000)] * 7900, (8000, 7900), 1, 0)
    expected = dict.fromkeys(BOMBS, "make it smaller first") | {
        "text.png": "it is cut off or damaged"
    }
    expected |= {"honest.png": "honest.png needs more memory than there is; make it smaller first"}
    photos = BAD | {"text.png": BAD["much text.png"], "honest.png": (honest,)}
    root = put(tmp_path / "photos", {name: photos[name] for name in expected})
    command = [sys.executable, "-c", READ_ALL, str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = dict(zip(sorted(expected), done.stdout.split("\n")[:-1], strict=True))
    assert all(("pixels, more than" in answers[name]) == (name in BOMBS) for name in answers)
    tried(
        "decompression bomb",
        len(answers),
        sum(expected[name] not in answers[name] for name in answers),
    )


def test_a_wide_photo_at_full_size(tmp_path, colorize, long, tried):
    """12,000 pixels wide, in colour at its own size; in the long version as high as a panorama is."""
    h = 3000 if long else 60
    columns = (np.arange(12_000) % 200 + 30).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(columns, (h, 12_000)))
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    status, _, _ = colorize(tmp_path / "wide.png")
    with Image.open(tmp_path / "wide-colorized.png") as result:
        assert status == 0 and result.size == (12_000, h)
        some = result.crop((0, h // 2, 12_000, h // 2 + 1))
    error = np.abs(lightness(some) - lightness(pixels[:1])).max()
    tried("awkward photo: the expected picture", 1, int(error > 1))


CUT = ["progressive.jpg", "cmyk without it.jpg", "two pictures.jpg", "interlaced.png", "palette 2 bits.png",
       "colour 16 bits.png", "animated.png", "animated.gif", "animated.webp", "lossy.webp", "fax.tif",
       "packed.tif", "still.avif"]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in CUT if name in GOOD])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_cut_off_anywhere(name, long, tried):
    """Whatever is missing: a sentence, or the very same picture, never a part of one."""
    data, expected, tolerance = GOOD[name]
    lengths = range(1, len(data), 1 if long else max(1, len(data) // 30))
    other = []
    for length in lengths:
        with suppress(ImageError):
            if off(load_image(data[:length]), expected) > tolerance:
                other.append(length)
    tried("photo cut off", len(lengths), len(other))


def gray_in(mode):
    """One gray ramp in each of Pillow's modes, and what it means."""
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    gray = Image.fromarray(ramp)
    if mode == "1":
        return gray.point(lambda v: 255 * (v > 99)).convert("1"), 255 * (ramp > 99)
    if mode.startswith("I;16"):
        order = ">u2" if mode == "I;16B" else "<u2"
        return Image.frombytes(mode, gray.size, (ramp.astype(order) * 257).tobytes()), ramp
    if mode in "IF":
        return Image.fromarray(ramp.astype(np.int32 if mode == "I" else np.float32)), ramp
    if mode == "LAB":
        known = ImageCms.createProfile
        lab = ImageCms.profileToProfile(
            gray.convert("RGB"), known("sRGB"), known("LAB"), outputMode="LAB"
        )
        return lab, ramp
    steps = {"La": ["LA"], "PA": ["P"], "RGBa": ["RGBA"]}.get(mode, [])
    for step in [*steps, mode]:
        gray = gray.convert(step)
    return gray, ramp


MODES = [
    "1",
    "L",
    "P",
    "LA",
    "La",
    "PA",
    "RGB",
    "RGBA",
    "RGBa",
    "RGBX",
    "CMYK",
    "YCbCr",
    "HSV",
    "LAB",
    "I",
    "F",
]
MODES += ["I;16", "I;16L", "I;16B"]
DRAWN = {
    "EPS",
    "PDF",
    "PALM",
    "ICNS",
    "ICO",
}  # no photos: drawings, and sets of icons at sizes of their own
# Pillow itself cuts 16 bits down to 8 for these; and it writes a PPM of 16 bits in which 255 is nearly black.
NOT_WHOLE = {
    (mode, form) for mode in ("I;16", "I;16L", "I;16B") for form in ("AVIF", "GIF", "WEBP")
}
NOT_WHOLE |= {
    ("I", "PPM"),
    ("F", "PPM"),
    ("I", "PNG"),
    ("YCbCr", "JPEG2000"),
}  # the last two as older ones do


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_in_memory_and_in_every_format_that_holds_it(mode, tried):
    Image.init()
    picture, expected = gray_in(mode)
    assert off(load_image(picture), expected) <= 3
    n, lost = 1, []
    for form in sorted(Image.SAVE.keys() - DRAWN):
        if (mode, form) in NOT_WHOLE:
            continue
        with warnings.catch_warnings(), suppress(OSError, ValueError, KeyError, SystemError):
            warnings.simplefilter("ignore")
            data = saved(picture, form)
            n += 1
            lost += [form] if off(load_image(data), expected) > 6 else []
    assert not lost
    assert n > 1 or mode in ("La", "PA", "RGBa", "HSV", "I;16L")  # of memory only
    tried("Pillow mode in a format", n, len(lost))
