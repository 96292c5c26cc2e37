"""Exercises 5.5 and 5.6: a run that was stopped is kept, taken up again and trained to its end."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.graders import KnownMistake, flatten_weights
from colorlib.data.datasets import TensorImages
from colorlib.engine.resume import _COUNTERS as COUNTERS
from colorlib.training import TrainConfig, Trainer
from colorlib.generator import init_weights
from colorlib.io import checkpoint

_generator = torch.Generator().manual_seed(4)
_RGB = torch.randint(0, 256, (8, 3, 8, 8), generator=_generator, dtype=torch.uint8)
_STOP = 6  # in the middle of the second epoch of four steps


class _Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, 1, 3)

    def forward(self, L: Tensor, ab: Tensor) -> Tensor:
        return self.layers(torch.cat([L, ab], dim=1))


def nets() -> tuple[nn.Module, nn.Module]:
    """Return a generator and a discriminator that need a millisecond per step."""
    layers = nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 2, 3, padding=1)
    net_g = init_weights(nn.Sequential(*layers), "he", seed=1)
    return net_g, init_weights(_Discriminator(), "he", seed=2)


def _run() -> Trainer:
    """Make a run of three epochs whose schedule cuts the learning rate in the second and in the third."""
    settings = TrainConfig(epochs=3, batch_size=2, lr=1e-2, schedule="plateau", patience=0)
    net_g, net_d = nets()
    run = Trainer(
        net_g, TensorImages(_RGB), settings, net_d=net_d, validate=lambda net: -float(run.epoch)
    )
    return run


def keep_all(run: Trainer) -> checkpoint.State:
    return {
        "parts": {name: part.state_dict() for name, part in run.parts.items()},
        "counters": {name: getattr(run, name) for name in COUNTERS},
    }


def take_up_all(run: Trainer, tree: checkpoint.State) -> None:
    for name, part in run.parts.items():
        if name in tree["parts"]:
            part.load_state_dict(tree["parts"][name])
    for name in COUNTERS:
        if name in tree["counters"]:
            setattr(run, name, tree["counters"][name])


@contextmanager
def _quiet() -> Iterator[None]:
    log = logging.getLogger("colorlib")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@cache
def _stopped() -> checkpoint.State:
    with _quiet():
        run = _run()
        run.fit(max_steps=_STOP)
        return _through_a_file(keep_all(run))


def _through_a_file(tree: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save_checkpoint(folder, tree, epoch=0, step=0)
        return checkpoint.load_latest_checkpoint(folder)


def _finished(run: Trainer) -> dict[str, Any]:
    """Train to the end and say where a run has come to."""
    with _quiet():
        run.fit()
    seen: dict[str, Any] = {"steps in all": run.total, "epochs in the history": len(run.history)}
    seen["the learning rate at the end"] = torch.tensor(run.opt_g.param_groups[0]["lr"])
    weights = {
        "the critic's weights at the end": run.net_d,
        "the generator's weights at the end": run.net_g,
    }
    return seen | {name: flatten_weights(net) for name, net in weights.items()}


def kept(keep: Callable) -> dict[str, Any]:
    """Let the answer keep a stopped run, and go on with another from what it kept."""
    run = _run()
    take_up_all(run, _stopped())
    tree = keep(run)
    if not isinstance(tree, dict):
        return {"the answer": "nothing" if tree is None else f"a {type(tree).__name__}"}
    try:
        tree = _through_a_file(tree)
    except TypeError as error:
        return {"the answer": f"a dict that no file can hold: {error}"}
    known = {
        name: tree.get(name) if isinstance(tree.get(name), dict) else {}
        for name in ("parts", "counters")
    }
    other = _run()
    take_up_all(other, known)
    seen = {
        "the answer": "a dict that a file can hold",
        "epoch, step": f"{other.epoch}, {other.step}",
    }
    return seen | _finished(other)


def taken(resume_from_checkpoint: Callable) -> dict[str, Any]:
    """Let the answer bring a new run to where another one stopped, and go on with it."""
    run = _run()
    resume_from_checkpoint(run, _through_a_file(_stopped()))
    where = {"epoch, step": f"{run.epoch}, {run.step}"}
    return where | _finished(run)


def _keeping(
    parts: Callable = lambda name: True, counters: Callable = lambda name: True
) -> Callable:
    def keep(run):
        tree = keep_all(run)
        chosen = {"parts": parts, "counters": counters}
        return {
            kind: {name: tree[kind][name] for name in tree[kind] if chosen[kind](name)}
            for kind in tree
        }

    return keep


def _taking(
    parts: Callable = lambda name: True, counters: Callable = lambda name: True
) -> Callable:
    keep = _keeping(parts, counters)

    def resume_from_checkpoint(run, tree):
        other = _run()
        take_up_all(other, tree)
        take_up_all(run, keep(other))

    return resume_from_checkpoint


def _no_optimizer(name: str) -> bool:
    return not name.startswith("opt")


KEPT_LESS = [
    KnownMistake("the function returned nothing: does it end with a return?", lambda run: None),
    KnownMistake("networks and optimisers went in themselves; a file takes what state_dict() gives of each.",
            lambda run: keep_all(run) | {"parts": run.parts}),
    KnownMistake("the dict has other keys: expected are 'parts' and 'counters', with a dict under each.",
            lambda run: {name: part.state_dict() for name, part in run.parts.items()}),
    KnownMistake("the optimisers are missing: Adam's averages are as much of the run as the weights are.",
            _keeping(parts=_no_optimizer)),
    KnownMistake("the critic is missing: a trained generator would meet a critic that knows nothing.",
            _keeping(parts=lambda name: name not in ("net_d", "opt_d"))),
    KnownMistake("only the generator's weights are kept: enough to use it, too little to go on training.",
            _keeping(parts=lambda name: name == "net_g", counters=lambda name: False)),
    KnownMistake("the counters are missing: without epoch and step the run begins at its first picture.",
            _keeping(counters=lambda name: False)),
    KnownMistake("the step is missing: the epoch begins again, and its first pictures count twice.",
            _keeping(counters=lambda name: name != "step")),
    KnownMistake("what the schedule remembers is missing: best, waited and factor belong to the run.",
            _keeping(counters=lambda name: name not in ("best", "waited", "factor"))),
]  # fmt: skip
TAKEN_LESS = [
    KnownMistake("the run is as new as before: load into run.parts and set the counters on run itself.",
            lambda run, tree: None),
    KnownMistake("of the counters only the epoch was set: step, total, best and the others belong to it.",
            _taking(counters=lambda name: name == "epoch")),
    KnownMistake("the optimisers were not loaded: their averages start anew at 0.", _taking(parts=_no_optimizer)),
    KnownMistake("the counters were not set: the run begins at its first picture.",
            _taking(counters=lambda name: False)),
    KnownMistake("the weights were not loaded: only the counters moved.", _taking(parts=lambda name: False)),
    KnownMistake("only the networks of one side were loaded: the critic and its optimiser count as well.",
            _taking(parts=lambda name: name in ("net_g", "opt_g"))),
    KnownMistake("the step was set to 0: the epoch begins again, and its first pictures count twice.",
            _taking(counters=lambda name: name != "step")),
]  # fmt: skip
