"""The exercises of lesson 8, the papers compared."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import torch
from PIL import Image
from torch import Tensor

from colorlib.check.effects import Effects
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.evaluation.statistics import mean_gain_interval

_draw = torch.Generator().manual_seed(8)


# 8.1 ------------------------------------------------------------------------------------------------------
def _ahead(table: Tensor, gray: Tensor, higher: Tensor) -> Tensor:
    """Say where each system beats gray: (k, c), (c,) and bool (c,) to bool (k, c)."""
    return torch.where(higher, table > gray, table < gray)


_HIGHER = torch.tensor([True, True, False])
_rows = [
    Case("three systems; PSNR, SSIM and CIEDE2000",
         (torch.tensor([[22.0, 0.8, 11.0], [20.0, 0.9, 13.0], [21.0, 0.9, 12.0]]),
          torch.tensor([21.3, 0.88, 12.05]), _HIGHER)),
    Case("a system that equals gray", (torch.tensor([[21.3, 0.88, 12.05]]),
                                       torch.tensor([21.3, 0.88, 12.05]), _HIGHER)),
]  # fmt: skip
_reading = [
    Mistake("a lower CIEDE2000 or L1 is the better one: where higher is False, turn the comparison round.",
            lambda table, gray, higher: table > gray),
    Mistake("turned round: where higher is True, the larger number wins.",
            lambda table, gray, higher: torch.where(higher, table < gray, table > gray)),
    Mistake("whoever equals gray is not ahead of it: > and <, without =.",
            lambda table, gray, higher: torch.where(higher, table >= gray, table <= gray)),
    Mistake("whoever equals gray is not ahead of it: where higher is False, ask for < and not for no >.",
            lambda table, gray, higher: (table > gray) == higher),
    Mistake("this counts the columns; asked for is an answer for each system in each column.",
            lambda table, gray, higher: _ahead(table, gray, higher).sum(1)),
    Mistake("each system was compared with the mean of the systems; compare it with gray.",
            lambda table, gray, higher: _ahead(table, table.mean(0), higher)),
]  # fmt: skip


# 8.2 ------------------------------------------------------------------------------------------------------
def _weights(
    encoder: list[int], embedding: int, decoder: list[int], kernel: int = 9, bias: int = 1
) -> int:
    """Count the parameters of paper 002's fusion network."""
    pairs = [*pairwise(encoder), *pairwise(decoder)]
    fusion = (encoder[-1] + embedding + bias) * decoder[0]
    return sum((kernel * a + bias) * b for a, b in pairs) + fusion


_ENCODER, _DECODER = [1, 64, 128, 128, 256, 256, 512, 512, 256], [256, 128, 64, 64, 32, 2]
_fusions = [
    Case("a toy: 1 to 4 channels, an embedding of 10, then 3 to 2", ([1, 4], 10, [3, 2])),
    Case("the paper's network, 256 channels out of the encoder", (_ENCODER, 1001, _DECODER)),
]
_counting = [
    Mistake("the biases are missing: one for each channel that comes out.",
            lambda e, v, d: _weights(e, v, d, bias=0)),
    Mistake("a 3x3 kernel has 9 weights for each pair of channels; 16 belongs to lesson 2's 4x4 kernels.",
            lambda e, v, d: _weights(e, v, d, kernel=16)),
    Mistake("the fusion is a 1x1 convolution: one weight for each pair of channels, not nine.",
            lambda e, v, d: _weights(e, v, d) + 8 * (e[-1] + v) * d[0]),
    Mistake("the fusion is missing: a 1x1 convolution from encoder[-1] + embedding to decoder[0] channels.",
            lambda e, v, d: _weights(e, v, d) - (e[-1] + v + 1) * d[0]),
    Mistake("the embedding stands beside the encoder's channels, so the fusion sees both: add them.",
            lambda e, v, d: _weights(e, 0, d)),
    Mistake("the fusion has biases, too: one for each of its decoder[0] channels.",
            lambda e, v, d: _weights(e, v, d) - d[0]),
    Mistake("between encoder and decoder stands no 3x3 convolution but the fusion, 1x1, with the embedding.",
            lambda e, v, d: sum((9 * a + 1) * b for a, b in pairwise([*e, *d]))),
    Mistake("the decoder is missing.", lambda e, v, d: _weights(e, v, d[:1])),
]  # fmt: skip


# 8.3 ------------------------------------------------------------------------------------------------------
def _mean_of_photos(gains: Tensor, photo: Tensor) -> Tensor:
    return torch.stack([gains[photo == p].mean() for p in range(int(photo.max()) + 1)])


def _ends(values: Tensor, mean: Tensor, low: float = 0.025, high: float = 0.975) -> Tensor:
    return torch.stack([values.quantile(low), mean, values.quantile(high)])


def _again(gains: Tensor, photo: Tensor, draws: Tensor) -> Tensor:
    return _mean_of_photos(gains, photo)[draws].mean(1)


_PHOTO = torch.tensor([0] * 5 + [1] * 2 + [2] * 4 + [3] * 3)
_GAINS = torch.tensor([1.0, -0.5, 2.0, 0.3])[_PHOTO] + 0.2 * torch.randn(14, generator=_draw)
_samples = [
    Case("14 pictures of four photos, 200 draws",
         (_GAINS, _PHOTO, torch.randint(4, (200, 4), generator=_draw))),
    Case("6 pictures of three photos, 50 draws",
         (_GAINS[:6] * 3, torch.tensor([0, 1, 2, 0, 1, 2]), torch.randint(3, (50, 3), generator=_draw))),
]  # fmt: skip
_drawing = [
    Mistake("the draws number photos, not pictures: take the mean gain of each photo first.",
            lambda g, p, d: _ends(g[d].mean(1), _mean_of_photos(g, p).mean())),
    Mistake("draws numbers photos, and here it picks pictures: take the mean gain of each photo first.",
            lambda g, p, d: _ends(g[d].mean(1), g[d].mean())),
    Mistake("the mean of the draws only scatters around what was measured: give the mean over the photos.",
            lambda g, p, d: _ends(_again(g, p, d), _again(g, p, d).mean())),
    Mistake("the mean is missing: three numbers, low end, mean, high end.",
            lambda g, p, d: mean_gain_interval(g, p, d)[[0, 2]]),
    Mistake("the mean runs over the draws; each draw is a row, so take it over dimension 1.",
            lambda g, p, d: _ends(_mean_of_photos(g, p)[d].mean(0), _mean_of_photos(g, p).mean())),
    Mistake("these quantiles leave 5 % out at each end; 95 % leaves 2.5 % out at each.",
            lambda g, p, d: _ends(_again(g, p, d), _mean_of_photos(g, p).mean(), 0.05, 0.95)),
    Mistake("a photo with many pictures counts more in this mean: take the mean of the photos' means.",
            lambda g, p, d: _ends(_again(g, p, d), g.mean())),
    Mistake("the lowest and the highest draw are no 95 % interval: take quantiles 0.025 and 0.975.",
            lambda g, p, d: _ends(_again(g, p, d), _mean_of_photos(g, p).mean(), 0.0, 1.0)),
    Mistake("the order is low end, mean, high end.", lambda g, p, d: mean_gain_interval(g, p, d)[[1, 0, 2]]),
]  # fmt: skip


# 8.4 ------------------------------------------------------------------------------------------------------
def _chosen(validation: Tensor, test: Tensor) -> Tensor:
    """Score on the test photos of the seed that is best on the validation photos: (k, n), (k, m) to ()."""
    return test.mean(1)[validation.mean(1).argmax()]


def _scores_of(k: int, n: int, m: int) -> tuple[Tensor, Tensor]:
    return 20 + torch.randn(k, n, generator=_draw), 20 + torch.randn(k, m, generator=_draw)


_seeds = [
    Case("five seeds, 8 validation and 6 test photos", _scores_of(5, 8, 6)),
    Case("three seeds, 4 validation and 9 test photos", _scores_of(3, 4, 9)),
]
_choosing = [
    Mistake("this still gives what the broken function gives: the test photos choose and judge.",
            lambda validation, test: test.mean(1).max()),
    Mistake("that is the score on the photos that chose; the test photos were not asked.",
            lambda validation, test: validation.mean(1).max()),
    Mistake("the test photos still have a say in the choice: choose by the validation photos alone.",
            lambda validation, test: test.mean(1)[torch.cat([validation, test], dim=1).mean(1).argmax()]),
    Mistake("these are the chosen seed's scores on each test photo: report their mean.",
            lambda validation, test: test[validation.mean(1).argmax()]),
    Mistake("this takes the worst seed on the validation photos; decibels are better the higher they are.",
            lambda validation, test: test.mean(1)[validation.mean(1).argmin()]),
    Mistake("the mean over all seeds is honest, too, but nobody chose it: asked for is the chosen seed.",
            lambda validation, test: test.mean()),
]  # fmt: skip


# 8.5 ------------------------------------------------------------------------------------------------------
SECTIONS = {
    "Data and licence": ("photos", "licence"),
    "Protocol": ("protocol",),
    "Numbers": ("psnr", "gray"),
    "Failures": ("fails",),
    "Not a restoration of truth": (),
}


def _card(facts: dict[str, str]) -> str:
    """Write a model card as Markdown."""
    return "\n\n".join([
        f"# {facts['name']}",
        f"## Data and licence\n\nTrained on {facts['photos']}. Licence: {facts['licence']}.",
        f"## Protocol\n\n{facts['protocol']}.",
        f"## Numbers\n\nPSNR {facts['psnr']}; gray, a = b = 0, has {facts['gray']}.",
        f"## Failures\n\nIt fails on {facts['fails']}.",
        "## Not a restoration of truth\n\nThe colours are a guess: nothing in a gray photo tells them.",
    ])  # fmt: skip


def _read_card(answer, facts: dict[str, str]) -> dict[str, str]:
    """Say which sections a card has, and which of the facts stand in each."""
    card = answer(dict(facts))
    if not isinstance(card, str):
        return {"what comes back": f"something of type {type(card).__name__}"}
    parts = re.split(r"(?m)^#+ +(.+?) *$", card)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    seen = {
        "what comes back": "a text",
        "sections": ", ".join(title for title in SECTIONS if title in bodies),
    }
    for title, wanted in SECTIONS.items():
        body = bodies.get(title, "")
        there = [name for name in wanted if facts[name] in body]
        words = "says enough" if len(body.split()) >= 3 or wanted else "says hardly anything"
        seen[f"under {title}"] = ", ".join(there) if wanted else words
    return seen


def _without(line: int):
    return lambda facts: "\n\n## ".join(
        part for i, part in enumerate(_card(facts).split("\n\n## ")) if i != line
    )


_FACTS = {
    "name": "small", "photos": "four photographs", "licence": "CC0 and public domain",
    "protocol": "PSNR on RGB, peak 1, mean over 32 squares", "psnr": "17.3 dB", "gray": "16.7 dB",
    "fails": "the cat, which it paints green",
}  # fmt: skip
_OTHERS = _FACTS | {
    "psnr": "21.9 dB",
    "gray": "20.1 dB",
    "photos": "9,000 photos",
    "fails": "faces",
}
_facts = [Case("a small model", (_FACTS,)), Case("another model", (_OTHERS,))]
_writing = [
    Mistake("a number without gray's says nothing: a colorizer may be worse than no colour at all.",
            lambda facts: _card(facts | {"gray": ""})),
    Mistake("two things are missing that a proud author forgets: the licence, and gray's number.",
            lambda facts: _card(facts | {"licence": "", "gray": ""})),
    Mistake("nobody fails nowhere: a card without failures is an advertisement.", _without(4)),
    Mistake("a number without its protocol is a rumour: add the section Protocol.", _without(2)),
    Mistake("say on what the model was trained, and under which licence.", _without(1)),
    Mistake("say that it is a guess: whoever sees the picture without you has this sentence only.",
            _without(5)),
    Mistake("the numbers are typed; take them from facts, so that the card changes with the model.",
            lambda facts: _card(_FACTS | {"name": facts["name"]})),
    Mistake("the licence is missing: without it nobody knows what they may do with the weights.",
            lambda facts: _card(facts | {"licence": ""})),
]  # fmt: skip


# 8.6 ------------------------------------------------------------------------------------------------------
_DESCRIPTION, _ARTIST = 0x010E, 0x013B


def _labelled(picture: Image.Image, file, words: str) -> None:
    """Save a picture as JPEG with words as its description, beside what its EXIF says already."""
    exif = picture.getexif()
    exif[_DESCRIPTION] = words
    picture.save(file, "JPEG", exif=exif)


def _save(picture: Image.Image, file, tags: dict[int, str], exif: Image.Exif) -> None:
    for tag, words in tags.items():
        exif[tag] = words
    picture.save(file, "JPEG", exif=exif)


def _read_label(answer, size: tuple[int, int], words: str) -> dict[str, str]:
    """Say what the file holds that an answer wrote."""
    picture = Image.new("RGB", size, "gray")
    picture.getexif()[_ARTIST] = "a photographer"
    answer(picture, file := io.BytesIO(), words)
    if not file.getvalue():
        return {"the file": "is empty"}
    with Image.open(file) as read:
        exif, same = read.getexif(), read.convert("RGB").getpixel((0, 0)) == (128, 128, 128)
        found = {"the file": f"{read.format}, {read.width} x {read.height}"}
    found |= {"tag 0x010E, the description": exif.get(_DESCRIPTION, "nothing")}
    return found | {
        "tag 0x013B, the artist": exif.get(_ARTIST, "nothing"),
        "pixels changed": str(not same),
    }


_labels = [
    Case("a gray square", ((16, 16), "colorized by a model")),
    Case("a wider one, other words", ((32, 16), "colours guessed by lesson 8")),
]
_NAMELESS = {
    "unknown file extension": "an open file has no name that ends in .jpg: save(file, 'JPEG', ...) says it."
}
_labelling = [
    Mistake("the description stands in the picture in memory; pass exif to save as well.",
            lambda picture, file, words: picture.save(file, "JPEG")),
    Mistake("a new Exif() forgets the photographer: begin with picture.getexif().",
            lambda picture, file, words: _save(picture, file, {_DESCRIPTION: words}, Image.Exif())),
    Mistake("0x0131 is the tag of the software; a description has 0x010E.",
            lambda picture, file, words: _save(picture, file, {0x0131: words}, picture.getexif())),
    Mistake("this overwrites the artist, who made the photo and not its colours; the tag is 0x010E.",
            lambda picture, file, words: _save(picture, file, {_ARTIST: words}, picture.getexif())),
    Mistake("the words are typed; write those that are passed.",
            lambda picture, file, words: _labelled(picture, file, "colorized by a model")),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "8.1",
        "Who beats gray?",
        Function(_ahead, _rows, _reading),
        (
            "For PSNR and SSIM larger is better, for CIEDE2000 and L1 smaller: two comparisons.",
            "gray has shape (c,) and table (k, c): broadcasting compares every row.",
            "return torch.where(higher, table > gray, table < gray)",
        ),
    ),
    Exercise(
        "8.2",
        "Count the paper's network",
        Function(_weights, _fusions, _counting),
        (
            "A 3x3 convolution from a to b channels has 9 * a * b weights and b biases.",
            "itertools.pairwise([1, 64, 128]) gives (1, 64) and (64, 128).",
            "The fusion: (encoder[-1] + embedding + 1) * decoder[0].",
        ),
    ),
    Exercise(
        "8.3",
        "Draw the photos anew",
        Function(mean_gain_interval, _samples, _drawing, tolerance=1e-4),
        (
            "Three steps: the mean gain of each photo; the mean of each draw; two quantiles.",
            "means[draws] has shape (k, m); its mean over dimension 1 is one number for each draw.",
            "torch.quantile(again, 0.025) and (again, 0.975); torch.stack([low, means.mean(), high])",
        ),
    ),
    Exercise(
        "8.4",
        "A comparison, broken on purpose",
        Function(_chosen, _seeds, _choosing, tolerance=1e-4),
        (
            "Which photos decide, in the colleague's function, which seed is reported?",
            "The best seed on the validation photos: validation.mean(1).argmax().",
            "return test.mean(1)[validation.mean(1).argmax()]",
        ),
    ),
    Exercise(
        "8.5",
        "A model card",
        Effects(_card, _read_card, _facts, _writing),
        (
            "Five headings that begin with ##, in the words of the list, and a sentence under each.",
            "An f-string takes a fact: f\"Trained on {facts['photos']}.\"",
            "Under Numbers both facts['psnr'] and facts['gray']; under Failures facts['fails'].",
        ),
    ),
    Exercise(
        "8.6",
        "A label that travels",
        Effects(_labelled, _read_label, _labels, _labelling, _NAMELESS),
        (
            "picture.getexif() acts like a dict: numbers of tags to values.",
            "exif[0x010E] = words, and then exif goes along: picture.save(file, 'JPEG', exif=exif).",
        ),
    ),
)
