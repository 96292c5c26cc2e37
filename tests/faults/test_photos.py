"""Unusual photos are read correctly, malformed ones are refused, and a folder run continues."""

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
from malformed_images import BAD, BOMBS, GOOD, encode, make_png, make_strip
from PIL import Image, ImageCms

from colorlib.cli import main
from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import list_images
from colorlib.io.images import ImageError, image_to_tensor, load_image
from colorlib.unet import UNet

PHOTO = GOOD["interlaced.png"][0]


def max_error(image, expected):
    """Return the largest difference of a value, infinity if the sizes differ."""
    found, expected = np.asarray(image.convert("RGB"), float), np.asarray(expected, float)
    if expected.ndim == 2:
        expected = expected[..., None]
    return np.abs(found - expected).max() if found.shape[:2] == expected.shape[:2] else np.inf


def max_lightness_error(image, expected):
    expected = Image.fromarray(np.asarray(expected, np.uint8))
    first, second = rgb_to_lab(image_to_tensor(image)), rgb_to_lab(image_to_tensor(expected))
    return (first - second)[:, 0].abs().max().item()


def put(folder, files):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    return Colorizer(UNet(num_downs=3, base_channels=4), image_size=16).save(path)


@pytest.fixture
def colorize(weights, capsys):
    """Run the command; return its status, standard output and standard error."""

    def run(*args, model=weights):
        status = main(["colorize", *map(str, args), "--model", str(model)])
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", GOOD)
def test_load_image_unusual_photo_is_read(name, tmp_path, record_trials):
    data, expected, tolerance = GOOD[name]
    image = load_image(put(tmp_path / "photos", {name: data}) / name)
    lost = max_error(image, expected) > tolerance
    record_trials("unusual photo: the expected image", 1, lost)


@pytest.mark.parametrize("name", BAD)
def test_load_image_malformed_photo_is_refused(name, tmp_path, colorize, record_trials):
    data, words = BAD[name]
    photo = put(tmp_path / "photos", {name: data}) / name
    with pytest.raises(ImageError) as refused:
        load_image(photo)
    message = str(refused.value)
    assert message.startswith(str(photo)) and words in message
    assert "\n" not in message and message.endswith(".")
    assert colorize(photo) == (1, "", f"colorlib colorize: {message}\n")
    lost = os.listdir(photo.parent) != [name]
    record_trials("malformed photo: the expected error", 1, lost)


def test_folder_run_continues_past_bad_photos(tmp_path, colorize, record_trials):
    root = put(tmp_path / "photos", {name: data for name, (data, *_) in (GOOD | BAD).items()})
    (root / "loop.jpg").symlink_to("loop.jpg")
    (root / "nowhere.png").symlink_to("gone.png")
    (root / "album").symlink_to(root)  # not followed: this would never end
    (root / "a link.png").symlink_to("interlaced.png")
    (root / "a folder.jpg").mkdir()
    good = GOOD | {"a link.png": GOOD["interlaced.png"]}
    bad = BAD | dict.fromkeys(["loop.jpg", "nowhere.png"], (b"", "leads to no file"))

    status, out, _ = colorize(root, "--out", tmp_path / "out", "--json")
    result = json.loads(out)
    assert status == 1 and set(result["skipped"]) == set(bad)
    for name, (_, words) in bad.items():
        assert words in result["skipped"][name]
    assert len(set(result["written"])) == len(os.listdir(tmp_path / "out")) == len(good)
    lost = 0
    for name, path in zip(sorted(good), result["written"], strict=True):
        _, expected, tolerance = good[name]
        with Image.open(path) as colored:
            assert Path(path).suffix in (Path(name).suffix, ".png") and colored.mode == "RGB"
            tolerance += 8 * (colored.format == "JPEG")
            lost += max_lightness_error(colored, expected) >= 1 + tolerance / 2
    record_trials("folder run past bad photos", len(good) + len(bad), lost)

    status, out, err = colorize(root, "--out", tmp_path / "out")
    assert status == 1 and "Traceback" not in err
    assert f"coloured: 0, there already: {len(good)}, failed: {len(bad)}" in out
    assert all(f"\n  {name}: " in out for name in bad)


def test_load_image_broken_link_names_its_target(tmp_path):
    for name, target in {"cat.png": "gone.png", "loop.png": "loop.png"}.items():
        (tmp_path / name).symlink_to(target)
        with pytest.raises(FileNotFoundError, match=f"{name} is a link to {target}, which leads"):
            load_image(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="holds no photo"):
        list_images(tmp_path)


def test_colorize_folder_named_like_a_file(tmp_path, colorize):
    put(tmp_path, {"a.png": PHOTO})
    folder = tmp_path / "b.jpg"
    folder.mkdir()
    status, out, _ = colorize(tmp_path / "a.png", folder, "--out", tmp_path / "out")
    words = "b.jpg is a folder, expected one image file; name a file inside it"
    assert status == 1 and words in out
    status, _, err = colorize(folder)
    assert status == 1 and "b.jpg holds no photo" in err
    assert not (tmp_path / "b.jpg-colorized").exists()


@pytest.fixture
def unprivileged(colorize, weights):
    """Drop the rights of root during a test; yield a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o777)
        shutil.copy(weights, path)
        colorize(put(Path(path, "warm"), {"a.png": PHOTO}))  # imports everything
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield Path(path)
        os.seteuid(user)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other permissions")
def test_folder_run_lists_unreadable_photos(unprivileged, colorize, caplog, record_trials):
    model = unprivileged / "tiny.safetensors"
    root = put(unprivileged / "photos", {"a.png": PHOTO, "b.png": PHOTO})
    closed = put(root / "closed", {"c.png": PHOTO})
    (root / "b.png").chmod(0)
    closed.chmod(0)
    status, out, _ = colorize(root, model=model)
    assert status == 1 and "coloured: 1, there already: 0, failed: 2" in out
    assert "closed cannot be listed" in caplog.text
    for name in ("b.png", "closed"):
        assert f"{name} cannot be opened" in out
    assert out.count("check that you may read it") == 2
    (unprivileged / "shut").mkdir(0o500)
    status, _, err = colorize(root / "a.png", "--out", unprivileged / "shut/a.png", model=model)
    assert status == 1 and "cannot be written" in err and "check its folder" in err
    closed.chmod(0o700)
    record_trials("photo or folder without permission", 3, len(os.listdir(unprivileged / "shut")))


NAMES = {
    "latin-1": b"\xe9t\xe9.jpg",
    "255 bytes": "n" * 251 + ".png",
    "255 bytes, 3 a letter": "長" * 83 + ".webp",
    "two lines": "two\nlines.png",
    "option": "--help.png",
    "percent": "%n.png",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_colorize_photo_with_odd_name(name, tmp_path, colorize, record_trials):
    photo = os.fsdecode(os.path.join(os.fsencode(tmp_path), os.fsencode(name)))
    try:
        Path(photo).write_bytes(PHOTO)
    except (OSError, UnicodeError):
        pytest.skip("this system does not allow such names")
    status, out, _ = colorize(photo)
    (result,) = [path.name for path in tmp_path.iterdir() if path != Path(photo)]
    assert status == 0 and "colorized" in out
    assert "-colorized." in result and len(os.fsencode(result)) <= 255
    status, out, _ = colorize(tmp_path, "--out", tmp_path / "out")
    assert status == 0 and "coloured: 2" in out
    record_trials("odd file name", 2, len(os.listdir(tmp_path / "out")) != 2)


def test_colorize_prints_names_to_ascii_screen(tmp_path, weights, monkeypatch):
    photo = put(tmp_path, {"夏.png": PHOTO}) / "夏.png"
    screen = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(screen, encoding="ascii"))
    assert main(["colorize", str(photo), "--model", str(weights)]) == 0
    sys.stdout.flush()
    assert screen.getvalue().endswith(b"\\u590f-colorized.png\n")


LOAD_ALL = """
import resource, sys
from pathlib import Path
from colorlib.io.images import ImageError, load_image
from PIL import Image
Image.init()
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 150_000_000,) * 2)
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        load_image(path)
        print("loaded", path.name)
    except ImageError as error:
        print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc of Linux")
def test_load_image_bomb_takes_no_memory(tmp_path, record_trials):
    """In a process that may take 150 MB more; a real image of 63 million pixels needs more."""
    honest = make_png([bytes(1000)] * 7900, (8000, 7900), 1, 0)
    files = BOMBS | {"long text.png": BAD["long text.png"][0], "honest.png": honest}
    expected = {name: "pixels, more than" for name in BOMBS} | {
        "long text.png": "it is cut off or damaged",
        "honest.png": "honest.png needs more memory than there is; make it smaller first",
    }
    command = [sys.executable, "-c", LOAD_ALL, str(put(tmp_path / "photos", files))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    messages = dict(zip(sorted(files), done.stdout.splitlines(), strict=True))
    lost = sum(expected[name] not in message for name, message in messages.items())
    record_trials("decompression bomb", len(files), lost)


def test_colorize_wide_photo_at_full_size(tmp_path, colorize, long, record_trials):
    height = 3000 if long else 60
    data, pixels = make_strip(12_000, height)
    status, _, _ = colorize(put(tmp_path, {"wide.png": data}) / "wide.png")
    with Image.open(tmp_path / "wide-colorized.png") as result:
        assert status == 0 and result.size == (12_000, height)
        row = result.crop((0, height // 2, 12_000, height // 2 + 1))
    lost = max_lightness_error(row, pixels[:1]) > 1
    record_trials("unusual photo: the expected image", 1, lost)


CUT = ["progressive.jpg", "cmyk without it.jpg", "two images.jpg", "interlaced.png", "palette.png"]
CUT += ["animated.png", "animated.gif", "animated.webp", "lossy.webp", "fax.tif", "packed.tif"]
CUT += ["still.avif", "animated.avif"]


@pytest.mark.parametrize("name", [name for name in CUT if name in GOOD])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_load_image_cut_anywhere_is_whole_or_refused(name, long, record_trials):
    data, expected, tolerance = GOOD[name]
    lengths = range(1, len(data), 1 if long else max(1, len(data) // 30))
    lost = 0
    for length in lengths:
        with suppress(ImageError):
            lost += max_error(load_image(data[:length]), expected) > tolerance
    record_trials("photo cut off", len(lengths), lost)


def gray_ramp(mode):
    """Return a gray ramp in one of Pillow's modes, and the pixels that it means."""
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    image = Image.fromarray(ramp)
    if mode == "1":
        return image.point(lambda v: 255 * (v > 99)).convert("1"), 255 * (ramp > 99)
    if mode.startswith("I;16"):
        values = ramp.astype(">u2" if mode == "I;16B" else "<u2") * 257
        return Image.frombytes(mode, image.size, values.tobytes()), ramp
    if mode in ("I", "F"):
        return Image.fromarray(ramp.astype(np.int32 if mode == "I" else np.float32)), ramp
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = image.convert("RGB")
        return ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB"), ramp
    first = {"La": "LA", "PA": "P", "RGBa": "RGBA"}.get(mode)
    if first:
        image = image.convert(first)
    return image.convert(mode), ramp


MODES = ["1", "L", "P", "LA", "La", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"]
MODES += ["LAB", "I", "F", "I;16", "I;16L", "I;16B"]
IN_MEMORY_ONLY = ("La", "PA", "RGBa", "HSV", "I;16L")
# not photos: drawings, icons, data
DRAWINGS = {"BLP", "EPS", "ICNS", "ICO", "IM", "MSP", "PALM", "PDF", "SPIDER", "XBM"}
# Pillow itself reduces 16 bits to 8 for these, or writes a PPM in which 255 is nearly black.
LOSSY = {(mode, form) for mode in MODES[-3:] for form in ("AVIF", "GIF", "WEBP")}
LOSSY |= {("I", "PPM"), ("F", "PPM"), ("I", "PNG"), ("YCbCr", "JPEG2000")}


@pytest.mark.parametrize("mode", MODES)
def test_load_image_any_mode_in_any_format(mode, record_trials):
    Image.init()
    image, expected = gray_ramp(mode)
    assert max_error(load_image(image), expected) <= 3
    tried, lost = 1, []
    for form in sorted(Image.SAVE.keys() - DRAWINGS):
        if (mode, form) in LOSSY:
            continue
        with warnings.catch_warnings(), suppress(OSError, ValueError, KeyError, SystemError):
            warnings.simplefilter("ignore")
            data = encode(image, form)
            tried += 1
            if max_error(load_image(data), expected) > 6:
                lost.append(form)
    assert not lost
    assert tried > 1 or mode in IN_MEMORY_ONLY
    record_trials("Pillow mode in a format", tried)
