"""The exercises of lesson 8, the papers compared."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, BinaryIO

import torch
from PIL import Image
from torch import Tensor

from colorlib.check.graders import Case, FunctionGrader, KnownMistake, SideEffectGrader
from colorlib.evaluation.statistics import mean_gain_interval

_generator = torch.Generator().manual_seed(8)


# 8.1 ----------------------------------------------------------------------------------------------
def _beats_gray(table: Tensor, gray: Tensor, higher: Tensor) -> Tensor:
    """Return where each system is better than gray: (k, c), (c,) and bool (c,) to bool (k, c)."""
    return torch.where(higher, table > gray, table < gray)


_HIGHER = torch.tensor([True, True, False])
_GRAY = torch.tensor([21.3, 0.88, 12.05])
_SYSTEMS = torch.tensor([[22.0, 0.8, 11.0], [20.0, 0.9, 13.0], [21.0, 0.9, 12.0]])
_TABLE_CASES = [
    Case("three systems; PSNR, SSIM and CIEDE2000", (_SYSTEMS, _GRAY, _HIGHER)),
    Case("a system that equals gray", (_GRAY[None], _GRAY, _HIGHER)),
]
_TABLE_MISTAKES = [
    KnownMistake("a lower CIEDE2000 or L1 is better: use < where higher is False.",
                 lambda table, gray, higher: table > gray),
    KnownMistake("your comparison is inverted: where higher is True, the larger number is better.",
                 lambda table, gray, higher: torch.where(higher, table < gray, table > gray)),
    KnownMistake("a system that equals gray does not beat it: use > and <, without =.",
                 lambda table, gray, higher: torch.where(higher, table >= gray, table <= gray)),
    KnownMistake("a system that equals gray does not beat it: where higher is False, use <, not "
                 "the opposite of >.", lambda table, gray, higher: (table > gray) == higher),
    KnownMistake("you count the columns: return a bool for each system and each column.",
                 lambda table, gray, higher: _beats_gray(table, gray, higher).sum(1)),
    KnownMistake("you compare with the mean of the systems: compare with gray.",
                 lambda table, gray, higher: _beats_gray(table, table.mean(0), higher)),
]  # fmt: skip


# 8.2 ----------------------------------------------------------------------------------------------
def _count_weights(
    encoder: list[int], embedding: int, decoder: list[int], kernel: int = 9, bias: int = 1
) -> int:
    """Count the parameters of paper 002's fusion network."""
    pairs = [*pairwise(encoder), *pairwise(decoder)]
    fusion = (encoder[-1] + embedding + bias) * decoder[0]
    return sum((kernel * a + bias) * b for a, b in pairs) + fusion


_ENCODER, _DECODER = [1, 64, 128, 128, 256, 256, 512, 512, 256], [256, 128, 64, 64, 32, 2]
_COUNT_CASES = [
    Case("a toy: 1 to 4 channels, an embedding of 10, then 3 to 2", ([1, 4], 10, [3, 2])),
    Case("the paper's network, with 256 encoder outputs", (_ENCODER, 1001, _DECODER)),
]
_COUNT_MISTAKES = [
    KnownMistake("the biases are missing: one for each output channel.",
                 lambda e, v, d: _count_weights(e, v, d, bias=0)),
    KnownMistake("a 3x3 kernel has 9 weights for each pair of channels; 16 is for 4x4 kernels.",
                 lambda e, v, d: _count_weights(e, v, d, kernel=16)),
    KnownMistake("the fusion is a 1x1 convolution: one weight for each pair of channels, not nine.",
                 lambda e, v, d: _count_weights(e, v, d) + 8 * (e[-1] + v) * d[0]),
    KnownMistake("the fusion is missing: a 1x1 convolution from encoder[-1] + embedding to "
                 "decoder[0] channels.",
                 lambda e, v, d: _count_weights(e, v, d) - (e[-1] + v + 1) * d[0]),
    KnownMistake("the fusion's input is the encoder's output and the embedding: add both.",
                 lambda e, v, d: _count_weights(e, 0, d)),
    KnownMistake("the fusion has biases too: one for each of its decoder[0] channels.",
                 lambda e, v, d: _count_weights(e, v, d) - d[0]),
    KnownMistake("between encoder and decoder there is only the 1x1 fusion, not a 3x3 convolution.",
                 lambda e, v, d: sum((9 * a + 1) * b for a, b in pairwise([*e, *d]))),
    KnownMistake("the decoder is missing.", lambda e, v, d: _count_weights(e, v, d[:1])),
]  # fmt: skip


# 8.3 ----------------------------------------------------------------------------------------------
def _photo_means(gains: Tensor, photo: Tensor) -> Tensor:
    return torch.stack([gains[photo == p].mean() for p in range(int(photo.max()) + 1)])


def _draw_means(gains: Tensor, photo: Tensor, draws: Tensor) -> Tensor:
    return _photo_means(gains, photo)[draws].mean(1)


def _interval(values: Tensor, mean: Tensor, low: float = 0.025, high: float = 0.975) -> Tensor:
    return torch.stack([values.quantile(low), mean, values.quantile(high)])


def _quantiles_mutant(low: float, high: float) -> Callable:
    return lambda gains, photo, draws: _interval(
        _draw_means(gains, photo, draws), _photo_means(gains, photo).mean(), low, high
    )


_PHOTO = torch.tensor([0] * 5 + [1] * 2 + [2] * 4 + [3] * 3)
_GAINS = torch.tensor([1.0, -0.5, 2.0, 0.3])[_PHOTO] + 0.2 * torch.randn(14, generator=_generator)
_DRAWS = torch.randint(4, (200, 4), generator=_generator)
_FEWER_DRAWS = torch.randint(3, (50, 3), generator=_generator)
_BOOTSTRAP_CASES = [
    Case("14 images of four photos, 200 draws", (_GAINS, _PHOTO, _DRAWS)),
    Case("6 images of three photos, 50 draws",
         (_GAINS[:6] * 3, torch.tensor([0, 1, 2, 0, 1, 2]), _FEWER_DRAWS)),
]  # fmt: skip
_BOOTSTRAP_MISTAKES = [
    KnownMistake("draws are indices of photos, not images: compute each photo's mean gain first.",
                 lambda g, p, d: _interval(g[d].mean(1), _photo_means(g, p).mean())),
    KnownMistake("draws are indices of photos, and you use them for images: compute each photo's "
                 "mean gain first.", lambda g, p, d: _interval(g[d].mean(1), g[d].mean())),
    KnownMistake("the mean of the draws is random: return the mean over the photos.",
                 lambda g, p, d: _interval(_draw_means(g, p, d), _draw_means(g, p, d).mean())),
    KnownMistake("the mean is missing: return low end, mean, high end.",
                 lambda g, p, d: mean_gain_interval(g, p, d)[[0, 2]]),
    KnownMistake("you average over the draws; each draw is a row, so use dimension 1.",
                 lambda g, p, d: _interval(_photo_means(g, p)[d].mean(0),
                                           _photo_means(g, p).mean())),
    KnownMistake("these quantiles leave out 5 % at each end; a 95 % interval leaves out 2.5 %.",
                 _quantiles_mutant(0.05, 0.95)),
    KnownMistake("photos with many images count more in your mean: average the photos' means.",
                 lambda g, p, d: _interval(_draw_means(g, p, d), g.mean())),
    KnownMistake("you return the lowest and the highest draw: use quantiles 0.025 and 0.975.",
                 _quantiles_mutant(0.0, 1.0)),
    KnownMistake("the order is low end, mean, high end.",
                 lambda g, p, d: mean_gain_interval(g, p, d)[[1, 0, 2]]),
]  # fmt: skip


# 8.4 ----------------------------------------------------------------------------------------------
def _score_of_best_seed(validation: Tensor, test: Tensor) -> Tensor:
    """Return the test score of the seed with the best validation score: (k, n), (k, m) to ()."""
    return test.mean(1)[validation.mean(1).argmax()]


def _random_scores(*shape: int) -> Tensor:
    return 20 + torch.randn(shape, generator=_generator)


_SEED_CASES = [
    Case("5 seeds, 8 validation and 6 test photos", (_random_scores(5, 8), _random_scores(5, 6))),
    Case("3 seeds, 4 validation and 9 test photos", (_random_scores(3, 4), _random_scores(3, 9))),
]
_SEED_MISTAKES = [
    KnownMistake("this behaves like the broken function: the test photos choose the seed.",
                 lambda validation, test: test.mean(1).max()),
    KnownMistake("this is the validation score of the chosen seed: return its test score.",
                 lambda validation, test: validation.mean(1).max()),
    KnownMistake("the test photos influence the choice: choose by the validation photos only.",
                 lambda validation, test: test.mean(1)[
                     torch.cat([validation, test], dim=1).mean(1).argmax()]),
    KnownMistake("these are the chosen seed's scores on each test photo: return their mean.",
                 lambda validation, test: test[validation.mean(1).argmax()]),
    KnownMistake("this chooses the worst seed: a higher validation score is better.",
                 lambda validation, test: test.mean(1)[validation.mean(1).argmin()]),
    KnownMistake("the mean over all seeds is also honest, but here you return the chosen seed.",
                 lambda validation, test: test.mean()),
]  # fmt: skip


# 8.5 ----------------------------------------------------------------------------------------------
_SECTIONS = {  # title -> facts that it must contain
    "Data and licence": ("photos", "licence"),
    "Protocol": ("protocol",),
    "Numbers": ("psnr", "gray"),
    "Failures": ("fails",),
    "Not a restoration of truth": (),
}


def _model_card(facts: dict[str, str]) -> str:
    """Write a model card as Markdown."""
    sections = [
        f"# {facts['name']}",
        f"## Data and licence\n\nTrained on {facts['photos']}. Licence: {facts['licence']}.",
        f"## Protocol\n\n{facts['protocol']}.",
        f"## Numbers\n\nPSNR {facts['psnr']}; gray, a = b = 0, has {facts['gray']}.",
        f"## Failures\n\nIt fails on {facts['fails']}.",
        "## Not a restoration of truth\n\nThe colours are a guess: a gray photo has none.",
    ]
    return "\n\n".join(sections)


def _run_model_card(model_card: Callable, facts: dict[str, str]) -> dict[str, str]:
    """Return which sections a model card has, and which facts each of them contains."""
    card = model_card(dict(facts))
    if not isinstance(card, str):
        return {"the returned value": f"something of type {type(card).__name__}"}
    parts = re.split(r"(?m)^#+ +(.+?) *$", card)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    seen = {
        "the returned value": "a text",
        "the sections": ", ".join(title for title in _SECTIONS if title in bodies),
    }
    for title, required in _SECTIONS.items():
        body = bodies.get(title, "")
        if required:
            seen[f"the facts under {title}"] = ", ".join(n for n in required if facts[n] in body)
        else:
            enough = len(body.split()) >= 3
            seen[f"the text under {title}"] = "a sentence" if enough else "hardly anything"
    return seen


def _card_mutant(*, without_section: int | None = None, **changed_facts: str) -> Callable:
    """Return a function whose card misses a section, or contains other facts."""

    def write(facts: dict[str, str]) -> str:
        sections = _model_card(facts | changed_facts).split("\n\n## ")
        if without_section is not None:
            del sections[without_section]
        return "\n\n## ".join(sections)

    return write


_FACTS = {
    "name": "small",
    "photos": "four photographs",
    "licence": "CC0 and public domain",
    "protocol": "PSNR on RGB, peak 1, mean over 32 squares",
    "psnr": "17.3 dB",
    "gray": "16.7 dB",
    "fails": "the cat, which it makes green",
}
_OTHER_FACTS = _FACTS | {"photos": "9,000 photos", "psnr": "21.9 dB", "gray": "20.1 dB"}
_CARD_CASES = [Case("a small model", (_FACTS,)), Case("another model", (_OTHER_FACTS,))]
_CARD_MISTAKES = [
    KnownMistake("gray's number is missing: without it, nobody knows whether the model is better "
                 "than no colour.", _card_mutant(gray="")),
    KnownMistake("the licence and gray's number are missing.", _card_mutant(licence="", gray="")),
    KnownMistake("the section Failures is missing: every model fails on some photos.",
                 _card_mutant(without_section=4)),
    KnownMistake("the section Protocol is missing: without it, nobody can repeat the number.",
                 _card_mutant(without_section=2)),
    KnownMistake("the section on training data and licence is missing.",
                 _card_mutant(without_section=1)),
    KnownMistake("the last section is missing: tell the reader that the colours are a guess.",
                 _card_mutant(without_section=5)),
    KnownMistake("your numbers are constants: take them from facts, so they fit the model.",
                 lambda facts: _model_card(_FACTS | {"name": facts["name"]})),
    KnownMistake("the licence is missing: without it, nobody knows how they may use the weights.",
                 _card_mutant(licence="")),
]  # fmt: skip


# 8.6 ----------------------------------------------------------------------------------------------
_DESCRIPTION, _ARTIST, _SOFTWARE = 0x010E, 0x013B, 0x0131


def _save_with_tag(image: Image.Image, file: Any, tag: int, words: str, exif: Image.Exif) -> None:
    exif[tag] = words
    image.save(file, "JPEG", exif=exif)


def _label(image: Image.Image, file: Any, words: str) -> None:
    """Save an image as JPEG with words as its description; keep its other EXIF tags."""
    _save_with_tag(image, file, _DESCRIPTION, words, image.getexif())


def _label_mutant(tag: int) -> Callable:
    """Return a function that writes the words under another tag."""
    return lambda image, file, words: _save_with_tag(image, file, tag, words, image.getexif())


def _run_label(label: Callable, size: tuple[int, int], words: str) -> dict[str, str]:
    """Label an image that has an artist, and return what is in the file."""
    image = Image.new("RGB", size, "gray")
    image.getexif()[_ARTIST] = "a photographer"
    file: BinaryIO = io.BytesIO()
    label(image, file, words)
    if not file.getvalue():
        return {"the file": "is empty"}
    with Image.open(file) as saved:
        exif = saved.getexif()
        unchanged = saved.convert("RGB").getpixel((0, 0)) == (128, 128, 128)
        return {
            "the file": f"{saved.format}, {saved.width} x {saved.height}",
            "tag 0x010E, the description": exif.get(_DESCRIPTION, "nothing"),
            "tag 0x013B, the artist": exif.get(_ARTIST, "nothing"),
            "the pixels": "unchanged" if unchanged else "changed",
        }


_LABEL_CASES = [
    Case("a gray square", ((16, 16), "colorized by a model")),
    Case("a wider image, other words", ((32, 16), "colours guessed by lesson 8")),
]
_LABEL_ERRORS = {
    "unknown file extension": "an open file has no extension: use save(file, 'JPEG', ...)."
}
_LABEL_MISTAKES = [
    KnownMistake("the description is only in the image in memory: pass exif to save as well.",
                 lambda image, file, words: image.save(file, "JPEG")),
    KnownMistake("a new Exif() loses the photographer: begin with picture.getexif().",
                 lambda image, file, words: _save_with_tag(
                     image, file, _DESCRIPTION, words, Image.Exif())),
    KnownMistake("0x0131 is the tag of the software; the description's tag is 0x010E.",
                 _label_mutant(_SOFTWARE)),
    KnownMistake("this overwrites the artist, who took the photo; the description's tag is 0x010E.",
                 _label_mutant(_ARTIST)),
    KnownMistake("your words are a constant: write those that the caller passes.",
                 lambda image, file, words: _label(image, file, "colorized by a model")),
]  # fmt: skip

GRADERS = {
    "8.1": FunctionGrader(_beats_gray, _TABLE_CASES, _TABLE_MISTAKES),
    "8.2": FunctionGrader(_count_weights, _COUNT_CASES, _COUNT_MISTAKES),
    "8.3": FunctionGrader(
        mean_gain_interval, _BOOTSTRAP_CASES, _BOOTSTRAP_MISTAKES, tolerance=1e-4
    ),
    "8.4": FunctionGrader(_score_of_best_seed, _SEED_CASES, _SEED_MISTAKES, tolerance=1e-4),
    "8.5": SideEffectGrader(_model_card, _CARD_CASES, _CARD_MISTAKES, run=_run_model_card),
    "8.6": SideEffectGrader(
        _label, _LABEL_CASES, _LABEL_MISTAKES, error_causes=_LABEL_ERRORS, run=_run_label
    ),
}
