"""Run an experiment: train, score and time its recipes; a stopped comparison resumes."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import shutil
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.compare.config import ComparisonConfig
from colorlib.compare.experiments import Experiment
from colorlib.compare.training import train_recipe
from colorlib.data.catalog import is_same_dataset
from colorlib.data.datasets import DataSplits
from colorlib.evaluation.evaluate import evaluate
from colorlib.io.files import changed_fields, read_json, write_json
from colorlib.io.locks import lock_folder
from colorlib.models.registry import check_package
from colorlib.recipe import Recipe

log = logging.getLogger("colorlib")
MODEL_FILENAME = "model.safetensors"
#: The fields of a recipe that the result of its training depends on.
_TRAINING_FIELDS = ("generator", "discriminator", "pixel", "adversarial", "init", "pretrained")

Row = dict[str, Any]


def run_comparison(
    experiment: Experiment,
    config: ComparisonConfig,
    folder: str | Path,
    *,
    device: torch.device | str = "cpu",
) -> list[Row]:
    """Train and score every recipe of an experiment.

    Args:
        experiment: the recipes.
        config: what is the same for all of them.
        folder: where everything is saved; rows that it already holds are not computed again.
        device: where to train and score.

    Returns:
        A row for each recipe, in order, with ``numbers`` and ``protocols`` of the metrics. The
        first row is the gray baseline.

    Raises:
        ValueError: if the folder holds a comparison with another configuration.
        OSError: if the folder cannot be written to, or is in use by another comparison.
        ImportError: if a recipe needs a package that is not installed.
    """
    folder = Path(folder)
    for recipe in experiment.recipes:
        check_package(recipe.generator)
    with lock_folder(folder):
        _check_same_config(folder / "config.json", config)
        rows = [_score_gray_baseline(experiment, config)]
        write_json(folder / "config.json", dataclasses.asdict(config))  # the photos could be loaded
        rows_by_training: dict[str, Row] = {}
        for recipe in tqdm(experiment.recipes, desc="recipes", unit="recipe"):
            recipe = config.adapt_recipe(recipe)
            recipe_folder = folder / recipe.name
            training = _training_key(recipe, experiment, config)
            if (recipe_folder / "row.json").exists():
                row = _load_row(recipe_folder, recipe)
            elif training in rows_by_training:
                row = _copy_row(rows_by_training[training], recipe_folder, recipe)
            else:
                row = _train_and_score(recipe, experiment, config, recipe_folder, device)
            rows_by_training.setdefault(training, row)
            rows.append(row)
    return rows


def _check_same_config(path: Path, config: ComparisonConfig) -> None:
    """Raise ValueError if a folder holds a comparison with another configuration."""
    if not path.exists():
        return
    changed = changed_fields(read_json(path), dataclasses.asdict(config))
    for name in ("data", "test_data"):
        if name in changed and None not in changed[name] and is_same_dataset(*changed[name]):
            del changed[name]
    if changed:
        words = "; ".join(f"{name} {old!r}, now {new!r}" for name, (old, new) in changed.items())
        raise ValueError(
            f"{path.parent} holds a comparison with {words}: "
            "use the same options, or choose another --out"
        )


def _training_key(recipe: Recipe, experiment: Experiment, config: ComparisonConfig) -> str:
    """Return a text that two recipes share if, in this comparison, they are the same training."""
    fields = _recipe_as_json(recipe)
    training = {name: fields[name] for name in _TRAINING_FIELDS}
    if config.max_minutes is not None and len(recipe.stages) == 1:
        for name in ("pixel", "adversarial"):
            if training[name] is not None:
                training[name] = {**training[name], "epochs": None}  # the time ends the stage
    training["image_size"] = recipe.data.image_size
    training["train_fraction"] = experiment.train_fractions.get(recipe.name)
    training["own_split"] = experiment.own_splits.get(recipe.name)
    training["filtered"] = recipe.name in experiment.filtered
    return json.dumps(training)


def _recipe_as_json(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe's fields as they are read from a JSON file."""
    return json.loads(json.dumps(dataclasses.asdict(recipe)))


def _load_row(folder: Path, recipe: Recipe) -> Row:
    """Return the saved row of a recipe.

    Raises:
        ValueError: if it belongs to another recipe of the same name.
    """
    row = read_json(folder / "row.json")
    fields = _recipe_as_json(recipe)
    training = {name: fields[name] for name in _TRAINING_FIELDS}
    if changed_fields(row["recipe"], training):
        raise ValueError(f"{folder} holds another recipe of this name; choose another --out")
    return row


def _copy_row(row: Row, folder: Path, recipe: Recipe) -> Row:
    """Save and return the row of a recipe whose training equals that of an earlier row."""
    log.info("%s: the same training as %s", recipe.name, row["name"])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder.parent / row["name"] / MODEL_FILENAME, folder / MODEL_FILENAME)
    copy = {**row, **_describe_recipe(recipe), "same_as": row["name"]}
    write_json(folder / "row.json", copy)
    return copy


def _train_and_score(
    recipe: Recipe,
    experiment: Experiment,
    config: ComparisonConfig,
    folder: Path,
    device: torch.device | str,
) -> Row:
    """Train a recipe, save its model and its row, and return the row."""
    image_size = recipe.data.image_size
    splits = config.load_data(image_size, experiment.own_splits.get(recipe.name))
    train = config.train_subset(splits, experiment, recipe.name)
    log.info(
        "%s: %s, %d photos at %d pixels", recipe.name, recipe.description, len(train), image_size
    )
    net, effort = train_recipe(recipe, train, splits.validation, folder, config.max_minutes, device)
    if config.max_minutes is not None and effort["epochs"] < 1:
        found = f"{recipe.name} saw {effort['epochs']:.0%} of the training photos"
        log.warning("%s, expected all of them once or more: give it more time", found)
    Colorizer(net, recipe.scaler, image_size).save(folder / MODEL_FILENAME, overwrite=True)
    row = {
        **_describe_recipe(recipe),
        "parameters": sum(weights.numel() for weights in net.parameters()),
        **effort,
        **_score(net, splits, recipe.scaler),
    }
    write_json(folder / "row.json", row)
    for stage in recipe.stages:
        shutil.rmtree(folder / stage, ignore_errors=True)  # checkpoints are far larger than weights
    return row


def _describe_recipe(recipe: Recipe) -> Row:
    """Return the part of a row that does not depend on training."""
    return {
        "name": recipe.name,
        "paper": recipe.paper,
        "description": recipe.description,
        "image_size": recipe.data.image_size,
        "pretrained": recipe.pretrained,
        "metric": recipe.metric,
        "reported": dict(recipe.reported),
        "recipe": _recipe_as_json(recipe),
    }


def _score_gray_baseline(experiment: Experiment, config: ComparisonConfig) -> Row:
    """Return the row of a = b = 0, which every system must beat."""
    recipes = [config.adapt_recipe(recipe) for recipe in experiment.recipes]
    image_size = min(recipe.data.image_size for recipe in recipes)
    return {
        "name": "gray",
        "paper": "",
        "description": "a = b = 0",
        "image_size": image_size,
        "pretrained": False,
        "metric": None,
        "reported": {},
        "parameters": 0,
        "epochs": 0,
        "photos_seen": 0,
        "minutes": 0,
        **_score(None, config.load_data(image_size), LabScaler()),
    }


def _score(net: nn.Module | None, splits: DataSplits, scaler: LabScaler) -> Row:
    """Return the numbers of the test photos; None for a hue that no pixel has."""
    evaluation = evaluate(net, splits.test, scaler)
    numbers = {
        name: None if math.isnan(value) else value for name, value in evaluation.compute().items()
    }
    return {
        "numbers": numbers,
        "protocols": evaluation.protocols,
        "data": splits.description,
        "num_images": len(splits.test),
    }


def measure_latencies(
    models: Mapping[str, tuple[nn.Module, int]],
    *,
    rounds: int = 15,
    device: torch.device | str = "cpu",
) -> dict[str, float]:
    """Return how long each network takes for one image: the median over rounds.

    In each round every network has its turn, so that slow phases of the machine affect all of them
    equally.

    Args:
        models: networks, and the side in pixels of the image that each is given, by name.
        rounds: how often each is measured, after two rounds that do not count.
        device: where to compute.

    Returns:
        Milliseconds by name.
    """
    inputs = {
        name: torch.zeros(1, 1, size, size, device=device) for name, (_, size) in models.items()
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    with torch.no_grad():
        for _ in range(rounds + 2):
            for name, (net, _) in models.items():
                net.to(device).eval()
                _synchronize(device)
                start = time.perf_counter()
                net(inputs[name])
                _synchronize(device)
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(milliseconds[2:]) for name, milliseconds in times.items()}


def _synchronize(device: torch.device | str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
