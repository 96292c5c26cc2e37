"""Exercise 5.5: save the state of a stopped run, so that another run can finish it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.graders import Case, KnownMistake
from colorlib.check.network_graders import flatten_weights
from colorlib.data.datasets import TensorImages
from colorlib.engine.config import TrainConfig
from colorlib.generator import init_weights
from colorlib.io import checkpoint
from colorlib.training import COUNTERS, Trainer

_PART_NAMES, _RIGHT_COUNTERS = "the names under 'parts'", "the counters with the run's value"
State = dict[str, dict[str, Any]]

_generator = torch.Generator().manual_seed(4)
_RGB = torch.randint(0, 256, (8, 3, 8, 8), generator=_generator, dtype=torch.uint8)
_STOP = 6  # in the middle of the second epoch of four steps
CASES = [Case("a run stopped in the middle of an epoch")]
ERRORS = {
    "values to unpack": "a dict yields its names alone: for name, part in run.parts.items().",
    "'Trainer' object has no attribute 'name'": "the attribute's name is in a variable: "
    "getattr(run, name).",
    "'Trainer' object is not subscriptable": "a run is not a dict: getattr(run, name).",
}


class _Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, 1, 3)

    def forward(self, L: Tensor, ab: Tensor) -> Tensor:
        return self.layers(torch.cat([L, ab], dim=1))


def _create_run() -> Trainer:
    """Return a run of three epochs; its schedule lowers the learning rate after two of them."""
    layers = nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 2, 3, padding=1)
    net_g = init_weights(nn.Sequential(*layers), "he", seed=1)
    net_d = init_weights(_Discriminator(), "he", seed=2)
    config = TrainConfig(epochs=3, batch_size=2, lr=1e-2, schedule="plateau", patience=0)
    run = Trainer(
        net_g, TensorImages(_RGB), config, net_d=net_d, validate=lambda net: -float(run.epoch)
    )
    return run


def save_state(run: Trainer) -> State:
    """Return the states and the counters of a run; see ``Trainer.state_dict``."""
    return {
        "parts": {name: part.state_dict() for name, part in run.parts.items()},
        "counters": {name: getattr(run, name) for name in COUNTERS},
    }


def _load_state(run: Trainer, state: State) -> None:
    """Load what the state has into a new run; see ``Trainer.load_state_dict``."""
    for name, part in run.parts.items():
        if name in state["parts"]:
            part.load_state_dict(state["parts"][name])
    for name in COUNTERS:
        if name in state["counters"]:
            setattr(run, name, state["counters"][name])


@contextmanager
def _without_log() -> Iterator[None]:
    log = logging.getLogger("colorlib")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@cache
def _stopped_state() -> State:
    with _without_log():
        run = _create_run()
        run.fit(max_steps=_STOP)
        return _through_file(save_state(run))


def _through_file(state: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save_checkpoint(folder, state, epoch=0, step=0)
        return checkpoint.load_latest_checkpoint(folder)


def _finish(run: Trainer) -> dict[str, Any]:
    """Train to the end, and return where the run was before and is after."""
    position = f"{run.epoch}, {run.step}"
    with _without_log():
        run.fit()
    return {
        "epoch, step": position,
        "the number of steps": run.global_step,
        "the number of epochs in the history": len(run.history),
        "the learning rate at the end": torch.tensor(run.opt_g.param_groups[0]["lr"]),
        "the discriminator's weights at the end": flatten_weights(run.net_d),
        "the generator's weights at the end": flatten_weights(run.net_g),
    }


def run_save(save: Callable) -> dict[str, Any]:
    """Save a stopped run, load the result into another run, and finish that."""
    run = _create_run()
    _load_state(run, _stopped_state())
    state = save(run)
    if not isinstance(state, dict):
        kind = "nothing" if state is None else f"a {type(state).__name__}"
        return {"the returned value": kind}
    try:
        state = _through_file(state)
    except TypeError as error:
        return {"the returned value": f"a dict that cannot be saved in a file: {error}"}
    seen = {"the returned value": "a dict that can be saved in a file"} | _describe(run, state)
    complete = (", ".join(run.parts), ", ".join(COUNTERS))
    if (seen[_PART_NAMES], seen[_RIGHT_COUNTERS]) == complete:
        other = _create_run()
        _load_state(other, state)
        seen |= _finish(other)
    return seen


def _describe(run: Trainer, state: dict[str, Any]) -> dict[str, Any]:
    """Return which of the names that it needs a state has, and which counters are right."""
    found = {key: state[key] for key in ("parts", "counters") if isinstance(state.get(key), dict)}
    counters = found.get("counters", {})
    right = [name for name in COUNTERS if name in counters and counters[name] == getattr(run, name)]
    return {
        "its dicts": " and ".join(found) or "none",
        _PART_NAMES: ", ".join(n for n in run.parts if n in found.get("parts", {})),
        "the names under 'counters'": ", ".join(name for name in COUNTERS if name in counters),
        _RIGHT_COUNTERS: ", ".join(right),
    }


def _drop(state: State, prefixes: tuple[str, ...]) -> State:
    """Drop all parts and counters whose names begin with one of the prefixes."""
    return {
        key: {name: value for name, value in values.items() if not name.startswith(prefixes)}
        for key, values in state.items()
    }


def _save_without(*prefixes: str) -> Callable:
    return lambda run: _drop(save_state(run), prefixes)


def _save_as(parts: Callable = lambda part: part.state_dict(), counter: Callable = getattr,
             keys: tuple[str, str] = ("parts", "counters")) -> Callable:  # fmt: skip
    """Return a function that saves other things of each part or counter, or under other keys."""

    def save(run: Trainer) -> dict[str, Any]:
        states = {name: parts(part) for name, part in run.parts.items()}
        counters = {name: counter(run, name) for name in COUNTERS}
        return dict(zip(keys, (states, counters), strict=True))

    return save


_OF_DISCRIMINATOR = ("net_d", "opt_d", "scheduler_d")
_KEYS = "the dict has other keys: use 'parts' and 'counters', with a dict under each."
MISTAKES = [
    KnownMistake("the function returned nothing: does it end with a return?", lambda run: None),
    KnownMistake("return one dict with the keys 'parts' and 'counters', not a tuple.",
                 lambda run: tuple(save_state(run).values())),
    KnownMistake("return one dict with the keys 'parts' and 'counters', not a list.",
                 lambda run: list(save_state(run).values())),
    KnownMistake("part.state_dict needs brackets: without them it is the method, not the state.",
                 _save_as(lambda part: part.state_dict)),
    KnownMistake("you save networks and optimizers themselves; a file can hold their state_dict().",
                 _save_as(lambda part: part)),
    KnownMistake(_KEYS, _save_as(keys=("states", "values"))),
    KnownMistake(_KEYS, _save_as(keys=("states", "counters"))),
    KnownMistake(_KEYS, _save_as(keys=("parts", "values"))),
    KnownMistake("getattr(run, name) returns the value; you save the name.",
                 _save_as(counter=lambda run, name: name)),
    KnownMistake("you save only the generator's weights: that is enough to use it, but not to "
                 "train further.",
                 _save_without("net_d", "opt", "scheduler", *COUNTERS)),
    KnownMistake("you save only the generator: run.parts holds more that training needs.",
                 _save_without("net_d", "opt", "scheduler")),
    KnownMistake("you save only the networks: optimizers and schedulers have a state, too.",
                 _save_without("opt", "scheduler")),
    KnownMistake("the optimizers are missing: Adam's averages are part of the run's state.",
                 _save_without("opt")),
    KnownMistake("the discriminator is missing: the trained generator would get an untrained one.",
                 _save_without(*_OF_DISCRIMINATOR)),
    KnownMistake("the schedules are missing: they remember the best score and the epochs waited.",
                 _save_without("scheduler")),
    KnownMistake("the counters are missing: without epoch and step the run begins again.",
                 _save_without(*COUNTERS)),
    KnownMistake("the step is missing: the epoch begins again, and its first images count twice.",
                 _save_without("step")),
    KnownMistake("the sums are missing: the epoch's mean losses need them. Save every name in "
                 "COUNTERS.", _save_without("sums")),
    KnownMistake("the history is missing: every name in COUNTERS is needed.",
                 _save_without("history")),
    KnownMistake("sums and history are missing: every name in COUNTERS is needed.",
                 _save_without("sums", "history")),
    KnownMistake("you save epoch and step only: every name in COUNTERS is needed.",
                 _save_without("global_step", "sums", "history")),
]  # fmt: skip
