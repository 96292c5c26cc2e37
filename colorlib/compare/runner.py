"""Train and score recipes one after the other, each in a folder of its own; a stopped comparison goes on."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset, Subset
from tqdm import tqdm

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.compare.config import ComparisonConfig
from colorlib.compare.experiments import Experiment
from colorlib.data.datasets import DataSplits
from colorlib.engine.trainer import Trainer
from colorlib.evaluation.evaluate import evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.io.files import atomic_write, lock_folder, read_json
from colorlib.recipe import Recipe

log = logging.getLogger("colorlib")
_TRAINS = (
    "generator",
    "critic",
    "pixel",
    "adversarial",
    "init",
    "pretrained",
)  # what a row depends on
MODEL_FILENAME = "model.safetensors"
_WATCHED = 64  # validation pictures, so that watching takes little of the time


def run_comparison(
    experiment: Experiment,
    protocol: ComparisonConfig,
    folder: str | Path,
    *,
    device: torch.device | str = "cpu",
) -> list[dict[str, Any]]:
    """Train and score every recipe of an experiment.

    Args:
        experiment: which recipes.
        protocol: what is the same for all.
        folder: where everything lies; rows that are there already are not made again.
        device: where to train and score.

    Returns:
        A row for each recipe, in order, with ``numbers`` and ``protocols`` of the metrics; gray comes first.

    Raises:
        ValueError: the folder holds a comparison with another protocol.
        OSError: the folder cannot be written to, or is in use by another comparison.
    """
    with lock_folder(folder):
        return _compared(experiment, protocol, Path(folder), device)


def _compared(
    experiment: Experiment, protocol: ComparisonConfig, folder: Path, device: torch.device | str
) -> list[dict[str, Any]]:
    _same(folder, protocol)
    rows, alike = [_gray(experiment, protocol)], {}
    _write(folder / "protocol.json", dataclasses.asdict(protocol))  # now that its photos are there
    for recipe in tqdm(experiment.recipes, desc="recipes", unit="recipe"):
        place, recipe = folder / recipe.name, protocol.recipe(recipe)
        told = json.loads(json.dumps(dataclasses.asdict(recipe)))
        key = _training(told, experiment, protocol)
        if (place / "row.json").exists():
            row = read_json(place / "row.json")
            if any(_unlike(row["recipe"][name], told[name]) for name in _TRAINS):
                raise ValueError(f"{place} holds another recipe of this name; name another --out")
        elif key in alike:  # under this protocol it is the same training: p0 and p4-l1, for example
            log.info("%s: as %s", recipe.name, alike[key]["name"])
            row = alike[key] | _about(recipe) | {"as": alike[key]["name"], "recipe": told}
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / row["as"] / MODEL_FILENAME, place / MODEL_FILENAME)
            _write(place / "row.json", row)
        else:
            row = _row(recipe, experiment, protocol, place, device) | {"recipe": told}
            _write(place / "row.json", row)
            for stage in recipe.stages:
                shutil.rmtree(place / stage, ignore_errors=True)  # far larger than the weights
        alike.setdefault(key, row)
        rows.append(row)
    return rows


def _training(told: dict[str, Any], experiment: Experiment, protocol: ComparisonConfig) -> str:
    """Say all that a recipe's training depends on; how many epochs it has does not count if minutes do."""
    parts = {name: told[name] for name in _TRAINS}
    if protocol.minutes is not None and None in (told["pixel"], told["adversarial"]):
        stages = {name: parts[name] for name in ("pixel", "adversarial") if parts[name]}
        parts |= {name: {**settings, "epochs": None} for name, settings in stages.items()}
    name = told["name"]
    return json.dumps(
        [parts, told["photos"]["size"], experiment.shares.get(name), name in experiment.filtered]
    )


def _row(
    recipe: Recipe,
    experiment: Experiment,
    protocol: ComparisonConfig,
    place: Path,
    device: torch.device | str,
) -> dict[str, Any]:
    """Train and score one recipe."""
    sets = protocol.sets(recipe.photos.size)
    train = protocol.train_part(sets, experiment, recipe.name)
    log.info(
        "%s: %s, %d photos at %d pixels", recipe.name, recipe.system, len(train), recipe.photos.size
    )
    net, told = train_recipe(recipe, train, sets.validation, place, protocol.minutes, device)
    model = Colorizer(net, recipe.scale, recipe.photos.size)
    model.save(place / MODEL_FILENAME, overwrite=True)
    return _about(recipe) | {
        "size": recipe.photos.size,
        "pretrained": recipe.pretrained,
        "parameters": sum(weights.numel() for weights in net.parameters()),
        **told,
        **_scores(net, sets, recipe.scale),
    }


def _about(recipe: Recipe) -> dict[str, Any]:
    """Give what a row says of its recipe, whatever came out."""
    about = {name: getattr(recipe, name) for name in ("name", "paper", "system", "metric")}
    return about | {"said": dict(recipe.said)}


def train_recipe(
    recipe: Recipe,
    train: Dataset,
    validation: Dataset,
    place: Path,
    minutes: float | None,
    device: torch.device | str,
) -> tuple[torch.nn.Module, dict[str, float]]:
    """Train a recipe's stages, each for its share of the minutes or for its epochs; give the last weights.

    Time counts over interruptions; what was trained since the last checkpoint before one counts as well.
    """
    net_g, net_d = recipe.networks(next(iter(recipe.stages.values())).seed)
    epochs = sum(settings.epochs for settings in recipe.stages.values())
    clock, spent, photos = place / "seconds.json", {}, 0
    if clock.exists():
        spent = read_json(clock)
    for name, settings in recipe.stages.items():
        batch = min(settings.batch, len(train))
        endless = settings if minutes is None else dataclasses.replace(settings, epochs=1_000_000)
        began, before = time.monotonic(), spent.get(name, 0.0)

        def tick(
            run: Trainer, name: str = name, began: float = began, before: float = before
        ) -> None:
            spent[name] = before + time.monotonic() - began
            _write(clock, spent)

        run = Trainer(
            net_g,
            train,
            dataclasses.replace(endless, batch=batch),
            net_d=net_d if name == "2-adversarial" else None,
            folder=place / name,
            validate=lambda net: _psnr(net, validation, recipe),
            after_epoch=tick,
            device=device,
        )
        left = (
            None if minutes is None else max(0.0, minutes * settings.epochs / epochs - before / 60)
        )
        try:
            result = run.fit(minutes=left, save_every_steps=500)
        finally:
            tick(run)
        photos += run.total * batch
    steps = {"epochs": round(photos / len(train), 2), "photos_seen": photos}
    return result, steps | {"minutes": sum(spent.values()) / 60}


def _psnr(net: torch.nn.Module, validation: Dataset, recipe: Recipe) -> float:
    some = Subset(validation, range(min(_WATCHED, len(validation))))
    return evaluate(net, some, recipe.scale, {"psnr": psnr_metric("rgb", peak=1)}).compute()["psnr"]


def _gray(experiment: Experiment, protocol: ComparisonConfig) -> dict[str, Any]:
    """Score a = b = 0, the row that every other one must beat."""
    size = min(protocol.recipe(recipe).photos.size for recipe in experiment.recipes)
    sets = protocol.sets(size)
    return {
        "name": "gray",
        "paper": "",
        "system": "a = b = 0",
        "size": size,
        "pretrained": False,
        "parameters": 0,
        "epochs": 0,
        "photos_seen": 0,
        "minutes": 0,
        "said": {},
        "metric": None,
        **_scores(None, sets, LabScaler()),
    }


def _scores(net: torch.nn.Module | None, sets: DataSplits, scale: LabScaler) -> dict[str, Any]:
    """Score the test photos; None where there was nothing to measure, such as no purple in them."""
    found = evaluate(net, sets.test, scale)
    numbers = {name: None if math.isnan(value) else value for name, value in found.compute().items()}
    about = {"about": sets.description, "pictures": len(sets.test)}
    return {"numbers": numbers, "protocols": found.protocols} | about


def _same(folder: Path, protocol: ComparisonConfig) -> None:
    path, now = folder / "protocol.json", dataclasses.asdict(protocol)
    began = read_json(path) if path.exists() else now
    if other := [
        f"{key} {began.get(key)!r}, now {now[key]!r}" for key in now if now[key] != began.get(key)
    ]:
        said = "; ".join(other)
        raise ValueError(
            f"{folder} holds a comparison with {said}: ask for the same, or name an --out"
        )


def _unlike(began: Any, now: Any) -> bool:
    """Compare what both name: a setting that a later version added is no difference."""
    if isinstance(began, dict) and isinstance(now, dict):
        return any(began[name] != now[name] for name in began.keys() & now.keys())
    return began != now


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, overwrite=True) as file:
        file.write(json.dumps(data, indent=1).encode())
