"""A blind test: which of two models' colours, and the true ones, does a person find convincing?

``python -m benchmarks.blind_test draw old=FILE new=vivid --photos FOLDER ...`` writes numbered
sheets into build/blind_test, four photos on each: a photo in gray and, in random order, A, B and C:
both models' colours and the true ones. A person who did not train the models looks at them and
writes ``answers.txt`` next to them, a line for each photo with its letters from the most convincing
to the least, such as ``BCA``. Then the same command with ``score`` instead of ``draw`` counts how
often each came before each other, with Wilson's interval.

The order follows from the seed, so no file next to the sheets gives it away.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import sys
from pathlib import Path

import torch
from PIL import Image

from colorlib import viz
from colorlib.cli.common import resolve_model
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.evaluation.evaluate import ResizedModel, colorize_batch
from colorlib.evaluation.statistics import wilson_interval
from course.tool.course_config import ROOT

SIZE, PER_SHEET, LETTERS = 256, 4, "ABC"
FOLDER = ROOT / "build" / "blind_test"


def orders(names: list[str], count: int, seed: int) -> list[list[str]]:
    """Return what A, B and C are for each photo.

    Example:
        >>> [sorted(order) for order in orders(["old", "new"], 1, seed=0)]
        [['new', 'old', 'truth']]
    """
    rng = random.Random(seed)
    return [rng.sample([*names, "truth"], k=3) for _ in range(count)]


def draw(models: dict[str, str], folders: list[Path], count: int, seed: int) -> None:
    """Write the sheets, with equally many photos of each folder."""
    share = count // len(folders)
    photos = []
    for folder in folders:
        images = load_dataset(folder, SIZE, split_ratios=(1.0, 0.0, 0.0)).train
        chosen = draw_subset(images, share, seed)
        photos.append(chosen.__getitems__(range(share)).float() / 255)
    rgb = torch.cat(photos)
    colored = {"truth": rgb}
    for name, model in models.items():
        net = ResizedModel(resolve_model(model)[1])
        colored[name] = torch.cat([colorize_batch(net, one) for one in rgb.split(1)])
    gray = colorize_batch(None, rgb)
    hidden = orders(list(models), len(rgb), seed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for sheet, first in enumerate(range(0, len(rgb), PER_SHEET)):
        rows = {
            str(k): [gray[k : k + 1], *(colored[name][k : k + 1] for name in hidden[k])]
            for k in range(first, min(first + PER_SHEET, len(rgb)))
        }
        figure = viz.image_grid(rows, ["gray", *LETTERS], alt="photos in three colours", height=2.6)
        path = FOLDER / f"sheet-{sheet:02}.png"
        Image.open(io.BytesIO(figure.to_bytes(100))).convert("RGB").save(path)
    print(f"{len(rgb)} photos are in {FOLDER.relative_to(ROOT)}; write answers.txt next to them")


def score(models: dict[str, str], count: int, seed: int) -> None:
    """Print how often each was found more convincing than each other."""
    answers = Path(FOLDER, "answers.txt").read_text("utf-8").split()
    if len(answers) != count or any(sorted(answer) != list(LETTERS) for answer in answers):
        sys.exit(f"answers.txt has {len(answers)} answers; expected {count}, each such as BCA")
    ranks = [
        [order[LETTERS.index(letter)] for letter in answer]
        for order, answer in zip(orders(list(models), count, seed), answers, strict=True)
    ]
    for one, other in itertools.combinations([*models, "truth"], 2):
        wins = sum(rank.index(one) < rank.index(other) for rank in ranks)
        low, high = wilson_interval(wins, count)
        interval = f"95 % interval {100 * low:.0f} % to {100 * high:.0f} %"
        print(f"{one} before {other}: {wins} of {count}, {interval}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=["draw", "score"])
    parser.add_argument("models", nargs=2, metavar="NAME=MODEL")
    parser.add_argument("--photos", nargs="+", type=Path, metavar="FOLDER", default=[])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    named = dict(word.split("=", 1) for word in options.models)
    if options.action == "draw":
        draw(named, options.photos, options.count, options.seed)
    else:
        score(named, options.count, options.seed)
