"""The JavaScript of the page that colours a photo, against the library that it follows."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import ExifTags, Image

from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab, to_uint8
from colorlib.inference.border import find_content
from colorlib.inference.uncertainty import overlay_uncertainty
from colorlib.io.exif import PROVENANCE_NOTE
from course.tool.course_config import ROOT
from course.tool.site import colour_page

WEB = ROOT / colour_page.WEB
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


def run_js(code: str, **values: Any) -> Any:
    """Return what JavaScript code returns; ``values`` are its variables."""
    names = json.dumps(values, default=lambda value: value.tolist())
    program = f"const {{ {', '.join(values)} }} = {names};\n{code}"
    command = ["node", "--input-type=module"]
    done = subprocess.run(
        command, input=program, capture_output=True, text=True, cwd=WEB, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def random_planes(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_rgb_to_lab_is_that_of_the_library():
    rgb = torch.randint(0, 256, (500, 3), generator=torch.Generator().manual_seed(0))
    expected = rgb_to_lab(rgb.to(torch.uint8)[..., None, None]).flatten(1)
    found = run_js(
        """import { rgbToLab, lightness } from "./lab.js";
        const lab = rgb.map((color) => rgbToLab(...color));
        console.log(JSON.stringify([lab, rgb.map((color) => lightness(...color))]));""",
        rgb=rgb,
    )
    torch.testing.assert_close(torch.tensor(found[0]), expected, atol=2e-3, rtol=0)
    torch.testing.assert_close(torch.tensor(found[1]), expected[:, 0], atol=2e-3, rtol=0)


def test_lab_to_rgb_is_that_of_the_library_also_outside_the_gamut():
    lab = random_planes(3000, 3) * torch.tensor([100.0, 240, 240]) - torch.tensor([0.0, 120, 120])
    images = lab[..., None, None]
    assert out_of_gamut(images).float().mean() > 0.5
    found = run_js(
        """import { labToRgb } from "./lab.js";
        console.log(JSON.stringify(lab.map((color) => labToRgb(...color))));""",
        lab=lab,
    )
    expected = to_uint8(lab_to_rgb(images)).flatten(1).int()
    difference = (torch.tensor(found) - expected).abs()
    assert difference.max() <= 3
    assert difference.float().mean() < 0.25


@pytest.mark.parametrize("size", [(7, 5), (12, 9), (13, 40), (60, 31), (1, 1)])
def test_resize_is_that_of_torch_with_antialiasing(size):
    plane = random_planes(1, 1, 23, 31)
    found = run_js(
        """import { Plane, resize } from "./resize.js";
        const plane = new Plane(31, 23, Float32Array.from(values));
        console.log(JSON.stringify([...resize(plane, width, height).values]));""",
        values=plane.flatten(),
        height=size[0],
        width=size[1],
    )
    expected = F.interpolate(plane, size, mode="bilinear", antialias=True)
    torch.testing.assert_close(torch.tensor(found).view(1, 1, *size), expected, atol=1e-5, rtol=0)


def test_padding_is_that_of_torch():
    plane = random_planes(1, 1, 33, 40)
    found = run_js(
        """import { padByReflection, Plane } from "./resize.js";
        const plane = new Plane(40, 33, Float32Array.from(values));
        console.log(JSON.stringify([...padByReflection(plane, 64, 64)]));""",
        values=plane.flatten(),
    )
    expected = F.pad(plane, (0, 24, 0, 31), mode="reflect")
    torch.testing.assert_close(torch.tensor(found).view(1, 1, 64, 64), expected)


@pytest.mark.parametrize(
    ("border", "value"),
    [((4, 5, 6, 7), 1.0), ((4, 4, 4, 4), -1.0), ((0, 4, 4, 4), 1.0), ((4, 4, 4, 4), 0.0)],
)
def test_border_is_that_of_the_library(border, value):
    L = F.pad(random_planes(1, 1, 50, 80) * 2 - 1, border, value=value)
    width = L.shape[-1]
    found = run_js(
        """import { findContent } from "./border.js";
        console.log(JSON.stringify(findContent((y) => rows[y], rows[0].length, rows.length)));""",
        rows=50 * (L[0, 0] + 1),
    )
    rows, columns = find_content(L)
    expected = [rows.start, rows.stop, columns.start, columns.stop]
    assert [found["top"], found["bottom"], found["left"], found["right"]] == expected
    assert (found["right"] < width) == (value in (1.0, -1.0) and 0 not in border)


def test_blank_picture_has_no_border():
    found = run_js(
        """import { findContent } from "./border.js";
        console.log(JSON.stringify(findContent(() => new Array(9).fill(100), 9, 8)));"""
    )
    assert found == {"left": 0, "top": 0, "right": 9, "bottom": 8}


@pytest.mark.parametrize("sides", [(640, 427), (427, 640), (300, 2000), (50, 31), (257, 193)])
def test_network_sees_what_the_library_shows_it(sides):
    from colorlib import colorizer

    class Net(torch.nn.Module):
        """Its a is L, and its b grows from left to right: a mirror image gets other colours."""

        min_size = 32

        def forward(self, L):
            asked.append(L.shape[-2:])
            return torch.cat([L, torch.linspace(0, 1, L.shape[-1]).expand_as(L)], dim=1)

    asked, (width, height) = [], sides
    model = colorizer.Colorizer(Net(), image_size=50, tta=True)
    photo = np.resize(np.arange(256, dtype=np.uint8) * 37, (height, width, 4))
    photo[..., 3] = 255
    L = rgb_to_lab(torch.from_numpy(photo[..., :3].copy()).movedim(-1, 0)[None])[:, :1] / 50 - 1
    expected = 110 * model.predict_ab_at(L, 50)
    small = [min(max(round(side * 50 / min(sides)), 50), 200) for side in (height, width)]
    found = run_js(
        """import { predictColors } from "./colorizer.js";
        import { Plane } from "./resize.js";
        const asked = [];
        const run = async (L) => {
          asked.push([L.height, L.width]);
          const b = new Plane(L.width, L.height);
          b.values.forEach((_, k) => { b.values[k] = (k % L.width) / (L.width - 1); });
          return { a: L, b, uncertainty: L };
        };
        const settings = { image_size: 50, tta: true, min_size: 32, scaler: { ab_scale: 110 } };
        const data = new Uint8ClampedArray(4 * width * height);
        data.forEach((_, k) => { data[k] = k % 4 === 3 ? 255 : (k * 37) % 256; });
        const colors = await predictColors({ width, height, data }, { settings, run });
        const planes = [colors.a, colors.b, colors.uncertainty];
        console.log(JSON.stringify([asked, ...planes.map(({ values }) => [...values])]));""",
        width=width,
        height=height,
    )
    assert [tuple(size) for size in found[0]] == asked
    planes = torch.tensor(found[1:]).view(1, 3, *small)
    ab, uncertainty = planes[:, :2], planes[:, 2:]
    enlarged = F.interpolate(ab, (height, width), mode="bilinear", antialias=True)
    torch.testing.assert_close(enlarged, expected, atol=0.05, rtol=0)
    own = colorizer.resize_for_network(L, 50)  # uncertainty is not averaged with the mirror image's
    torch.testing.assert_close(uncertainty, own, atol=1e-3, rtol=0)


@pytest.mark.parametrize("scale", [1, 2])
def test_map_of_uncertainty_is_that_of_the_library(scale):
    """A copy of the photo at its size, and one of twice the size, with a border of 0."""
    width, height, border = 90, 61, {"left": 12, "top": 9, "right": 77, "bottom": 50}
    gray = Image.fromarray((random_planes(height * scale, width * scale) * 255).byte().numpy())
    small = 60 * random_planes(1, 1, 21, 33, seed=1) - 10  # also below 0 and above the largest
    small = small.clamp(min=0)
    rows = slice(scale * border["top"], scale * border["bottom"])
    columns = slice(scale * border["left"], scale * border["right"])
    distance = torch.zeros(1, 1, height * scale, width * scale)
    inside = distance[..., rows, columns]
    inside[:] = F.interpolate(small, inside.shape[-2:], mode="bilinear")
    found = run_js(
        """import { renderUncertainty } from "./colorizer.js";
        import { Plane } from "./resize.js";
        const plane = new Plane(33, 21, Float32Array.from(values));
        const pixels = { ...size, data: Uint8ClampedArray.from(rgba) };
        const colors = { a: plane, b: plane, uncertainty: plane, content };
        console.log(JSON.stringify([...renderUncertainty(pixels, colors, photo)]));""",
        values=small.flatten(),
        size={"width": width * scale, "height": height * scale},
        rgba=np.asarray(gray.convert("RGBA")).flatten(),
        content=border,
        photo={"width": width, "height": height},
    )
    drawn = np.array(found).reshape(height * scale, width * scale, 4)
    expected = np.asarray(overlay_uncertainty(gray, distance), int)
    assert np.abs(drawn[..., :3] - expected).max() <= 2
    assert (drawn[..., 3] == 255).all()
    outside = drawn.copy()
    outside[rows, columns] = 0
    assert np.ptp(outside[..., :3], axis=-1).max() == 0  # the border stays gray


def exif_file(kind: str, **texts: str) -> bytes:
    """Return a small photo with these texts, by the names of EXIF's tags."""
    exif = Image.Exif()
    for name, text in texts.items():
        exif[ExifTags.Base[name]] = text
    file = io.BytesIO()
    Image.new("RGB", (8, 6), "gray").save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_saved_file_names_the_photographer_and_the_model(kind):
    photo = exif_file(kind, Artist="Zoë", ImageDescription="A lawn", HostComputer="mine")
    text = run_js(
        """import { addExifToPng, readExif, writeExif } from "./provenance.js";
        const exif = writeExif(readExif(Uint8Array.from(photo)), "colorlib 1.2.3");
        const file = addExifToPng(Uint8Array.from(png), exif);
        const bytes = new Uint8Array(await file.arrayBuffer());
        console.log(JSON.stringify([...bytes]));""",
        photo=np.frombuffer(photo, np.uint8),
        png=np.frombuffer(exif_file("PNG"), np.uint8),
    )
    with Image.open(io.BytesIO(bytes(text))) as image:
        image.load()  # Pillow checks the checksum of every chunk
        found = {ExifTags.Base(tag).name: value for tag, value in image.getexif().items()}
    assert found == {
        "Artist": Image.open(io.BytesIO(photo)).getexif()[ExifTags.Base.Artist],
        "ImageDescription": f"A lawn; {PROVENANCE_NOTE}",
        "Software": "colorlib 1.2.3",
    }


@pytest.mark.parametrize("damage", ["cut", "loop", "empty"])
def test_damaged_exif_data_are_left_out(damage):
    photo = bytearray(exif_file("JPEG", Artist="A", Copyright="B" * 40))
    at = photo.index(b"Exif\0\0") + 6
    if damage == "cut":
        photo = photo[: at + 30]
    elif damage == "loop":
        photo[at + 4 : at + 8] = b"\xff\xff\xff\x7f"
    else:
        photo = bytearray(b"\xff\xd8\xff")
    found = run_js(
        """import { readExif } from "./provenance.js";
        console.log(JSON.stringify(readExif(Uint8Array.from(photo)).size));""",
        photo=np.frombuffer(bytes(photo), np.uint8),
    )
    assert found == 0
