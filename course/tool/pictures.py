"""The pictures at the top of the lessons and of README.md, and the maps of the course."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from course.tool import course_map
from course.tool.boilerplate_cells import PICTURES
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

if TYPE_CHECKING:
    from torch import Tensor

    from colorlib.show.figure import Figure

AIM = (
    7300  # bytes of a lesson's picture: with the map beside it, the notebook stays within its limit
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Draw every picture into course/pictures/."""
    from colorlib.files import whole

    (root / PICTURES).mkdir(parents=True, exist_ok=True)
    files = {f"{name}.jpg": draw for name, draw in DRAW.items()}
    files |= {f"map_{number}.png": partial(course_map.draw, number) for number in course_map.BOXES}
    for name, draw in files.items():
        data = draw()
        with whole(root / PICTURES / name, overwrite=True) as file:
            file.write(data)
        print(f"{PICTURES}/{name} written, {len(data) / 1024:.0f} KB")
    return 0


def apart(names: list[str], height: float, with_swap: bool) -> bytes:
    """Photos beside their L, their a and b alone, and the photo again in another photo's colours."""
    import torch

    from colorlib import color, data, show

    photos = {photo.name: photo.rgb(200) for photo in data.photos("all")}
    titles = ["a photo", "L: the gray picture", "a alone", "b alone"] + [
        "in another's colours"
    ] * with_swap
    rows = {}
    for name, other in zip(names, reversed(names), strict=True):
        L, a, b = color.rgb_to_lab(photos[name]).split(1, dim=1)
        ab = color.rgb_to_lab(photos[other])[:, 1:]
        even, none = torch.full_like(L, 65), torch.zeros_like(L)
        parts = [[L, none, none], [even, a, none], [even, none, b]] + [[L, ab]] * with_swap
        rows[name] = [photos[name], *(color.lab_to_rgb(torch.cat(part, dim=1)) for part in parts)]
    figure = show.grid(
        rows, titles, alt="drawn for a file; its alt text stands beside it", height=height
    )
    for axes in figure.axes:
        axes.set_ylabel("")
    return figure.to_bytes(110) if with_swap else fitted(figure)


def dahlias() -> bytes:
    """The dahlia, and two colourings of which PSNR prefers the duller."""
    import torch

    from colorlib import color, data, metrics, show

    photo = {photo.name: photo for photo in data.photos("all")}["flower"].rgb(128)
    L, ab = color.rgb_to_lab(photo).split([1, 2], dim=1)
    petals = (ab[:, :1] > 0) & (ab.norm(dim=1, keepdim=True) > 15)
    quarter = torch.cat([ab[:, 1:], -ab[:, :1]], dim=1)  # every hue turned by -90 degrees
    guesses = [ab.mean(dim=(2, 3), keepdim=True), quarter]  # gray-brown, and as vivid as the photo
    shown = {"the photo": photo}
    for guess in guesses:
        rgb = color.lab_to_rgb(torch.cat([L, torch.where(petals, guess, ab)], dim=1))
        shown[f"PSNR {metrics.psnr(metrics.mse(rgb, photo), 1).item():.1f} dB"] = rgb
    return fitted(
        show.row(shown, alt="drawn for a file; its alt text stands beside it", height=1.4),
        limit=4800,
    )


def trained() -> bytes:
    """One picture after 5, 15, 30 and 45 epochs of a run as short as lesson 5's."""
    import tempfile

    import torch

    from colorlib import data, show
    from colorlib.data.sets import InMemory
    from colorlib.discriminators import PatchCritic
    from colorlib.generators import UNet, initialise
    from colorlib.training import Settings, Trainer

    squares = InMemory(data.photo_crops(48, 32, 0).mul(255).round().to(torch.uint8))
    watched = data.photo_crops(8, 32, 1)[:1]
    nets = UNet(downs=5, width=8), PatchCritic(layers=2, width=8)
    net_g, net_d = (initialise(net, seed=seed) for seed, net in enumerate(nets))
    with tempfile.TemporaryDirectory() as folder:
        watch = show.Watch(watched, folder, live=False)

        def look(run: Trainer) -> None:
            if run.epoch in (5, 15, 30, 45):
                watch(run)

        Trainer(
            net_g, squares, Settings(epochs=45, batch=8, lr=2e-3), net_d=net_d, after_epoch=look
        ).fit()
        return strip(Path(folder))


def strip(folder: Path, side: int = 64) -> bytes:
    """What a run left of its first watched picture, side by side, soft and without words."""
    from colorlib import show

    moments = show.read_strips(folder, epochs=(5, 15, 30, 45)).values()
    page = Image.new("RGB", (len(moments) * side, side))
    for place, squares in enumerate(moments):
        page.paste(squares[0].resize((side, side), Image.Resampling.BILINEAR), (place * side, 0))
    page.save(small := io.BytesIO(), "JPEG", quality=30, optimize=True, progressive=True)
    return small.getvalue()


def fitted(figure: Figure, limit: int = AIM) -> bytes:
    """The figure as a JPEG: the largest of at most ``limit`` bytes."""
    for dpi in range(110, 36, -4):
        data = figure.to_bytes(dpi, quality=45)
        if len(data) <= limit:
            return data
    raise CourseError(f"the picture needs more than {limit} bytes: show less in it.")


def u_shape() -> bytes:
    """A photo on its way through a small U-Net, trained for half a minute on squares of the photos."""
    import torch
    import torch.nn.functional as F

    from colorlib import color, data, show
    from colorlib.generators import Level, UNet, initialise

    torch.manual_seed(0)
    L, ab = color.Scale().split(color.rgb_to_lab(data.photo_crops(128, 64, split="all")))
    net = initialise(UNet(downs=6, width=8, up="resize"))
    optimiser = torch.optim.Adam(net.parameters(), 2e-3, betas=(0.5, 0.999))
    for step in range(150):
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / 150)
        chosen = torch.randint(128, (16,))
        optimiser.zero_grad()
        F.l1_loss(net(L[chosen]), ab[chosen]).backward()
        optimiser.step()
    photo = next(photo for photo in data.photos("all") if photo.name == "china").rgb(128)
    L, down, up = color.Scale().split(color.rgb_to_lab(photo))[0], [], []
    for level in net.eval().modules():
        if isinstance(level, Level):
            level.down.register_forward_hook(lambda module, args, out: down.append(_busiest(out)))
            level.up.register_forward_hook(lambda module, args, out: up.insert(0, _busiest(out)))
    with torch.no_grad():
        painted = color.lab_to_rgb(color.Scale().join(L, net(L)))
    alt = "drawn for a file; its alt text stands beside it"
    return fitted(show.u_shape([(L + 1) / 2, *down[:5]], [painted, *up[1:5]], alt=alt))


def _busiest(x: Tensor) -> Tensor:
    """The channel of (1, c, h, w) that varies most, stretched to [0, 1]."""
    x = x[:, x[0].flatten(1).std(dim=1).argmax()][None]
    return (x - x.min()) / (x.max() - x.min())


def looked_at() -> bytes:
    """A photo lit where one answer of the 70x70 critic looks."""
    import torch

    from colorlib import color, data, show
    from colorlib.discriminators import PatchCritic

    rgb = {photo.name: photo.rgb(256) for photo in data.photos("test")}["chelsea"]
    L, ab = color.Scale().split(color.rgb_to_lab(rgb))
    light = torch.zeros_like(L)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(8):
            seen = L.clone().requires_grad_()
            PatchCritic(width=16).eval()(seen, ab)[0, 0, 14, 14].backward()
            light += seen.grad.abs()
    light = torch.nn.functional.avg_pool2d(light, 5, stride=1, padding=2)
    lit = rgb * (0.3 + 0.7 * (light / light.max()).sqrt())
    title = "what one answer looks at"
    figure = show.row(
        {title: lit}, alt="drawn for a file; its alt text stands beside it", height=2.6
    )
    show.patches.outline(figure.axes[0], (89, 89, 159, 159))
    return fitted(figure, 4900)


def answers() -> bytes:
    """A lawn in gray, two truths that share this gray, and the mean and the median of all of them."""
    import torch

    from colorlib import color, data, show
    from colorlib.scenes.actors import CHROMA, MAJOR, MINOR

    lawn = data.scenes(1, size=144, seed=3, start=7)
    lab, ball, flag = lawn.lab(), *((lawn.classes == number) for number in (11, 9))
    ways = []
    for number in range(100):  # hues all round; a flag is red in 70 of them, spread evenly
        angle, way = torch.tensor(number * 2.39996), lab.clone()
        for place, (a, b) in {
            ball: (CHROMA * angle.cos(), CHROMA * angle.sin()),
            flag: MAJOR if number * 7 % 10 < 7 else MINOR,
        }.items():
            way[0, 1:, place[0]] = torch.tensor([float(a), float(b)]).view(2, 1)
        ways.append(way)
    every, gray = torch.cat(ways), lab * torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    shown = {"gray": gray, "it may be": ways[0], "or": ways[4]}
    shown |= {"mean (L2)": every.mean(0)[None], "median (L1)": every.median(0).values[None]}
    rgb = {title: color.lab_to_rgb(lab) for title, lab in shown.items()}
    figure = show.row(rgb, alt="drawn for a file; its alt text stands beside it", height=1.05)
    return fitted(figure, 5400)  # the lesson carries a stored picture too


def encoded() -> bytes:
    """A gray photo, what the shipped network's encoder makes of it, and what the decoder paints."""
    import torch
    import torch.nn.functional as F

    from colorlib import color, data, shipped, show

    L = color.Scale().split(color.rgb_to_lab(data.photos("test")[1].rgb(128)))[0]
    net, maps = shipped.load().net.eval(), []
    for stage in (net.encoder[0], net.encoder[2], net.encoder[4]):
        stage.register_forward_hook(lambda module, args, out: maps.append(_busiest(out)))
    with torch.no_grad():
        painted = color.lab_to_rgb(color.Scale().join(L, net(L)))
    shown = dict(
        zip(("1/2", "1/8", "1/32"), (F.interpolate(x, (128, 128)) for x in maps), strict=True)
    )
    shown = {"gray": (L + 1) / 2, **shown, "painted": painted}
    return fitted(
        show.row(shown, alt="drawn for a file; its alt text stands beside it", height=1.3), 5400
    )


def guessed() -> bytes:
    """A photo in gray, in the colours of two models that ship, and as it was."""
    from colorlib import data, shipped, show
    from colorlib.evaluate import AtOwnSize, colorized

    rgb = next(photo for photo in data.photos("all") if photo.name == "china").rgb(160)
    nets = {"plain": shipped.load("general"), "adversarial": shipped.load("general-adversarial")}
    shown = {"gray": colorized(None, rgb)}
    shown |= {name: colorized(AtOwnSize(model), rgb) for name, model in nets.items()} | {
        "truth": rgb
    }
    return fitted(
        show.row(shown, alt="drawn for a file; its alt text stands beside it", height=1.2)
    )


def half_painted() -> bytes:
    """A photo, gray in one half and as a shipped model colours it in the other."""
    from colorlib import data, images, metrics, shipped, show

    photo = next(photo for photo in data.photos("all") if photo.name == "chelsea").rgb(256)
    gray = metrics.gray_baseline(photo)
    painted = shipped.load()(images.to_image(gray))
    return fitted(show.before_after(gray, painted, height=2.4))


DRAW: dict[str, Callable[[], bytes]] = {
    "readme": lambda: apart(["china", "flower"], 2.0, with_swap=True),
    "00_start_here": half_painted,
    "01_colour_spaces": lambda: apart(["flower"], 1.7, with_swap=False),
    "02_unet": u_shape,
    "03_patchgan": looked_at,
    "04_cgan_loss": answers,
    "06_psnr_evaluation": dahlias,
    "05_training_on_colab_t4": trained,
    "07_pretrained_encoders": encoded,
    "08_papers_compared": guessed,
}
