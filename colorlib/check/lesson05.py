"""The exercises of lesson 5, training: answers are used on runs of a few steps."""

from __future__ import annotations

import io
import logging
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorlib import checkpoint
from colorlib.check.effects import Effects, Seen
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.data.sets import InMemory
from colorlib.generators import initialise
from colorlib.losses import GANLoss, generator_loss
from colorlib.training import Settings, Trainer
from colorlib.training.resume import _COUNTERS as COUNTERS

LOSSES = ("D_real", "D_fake", "G_GAN", "G_pixel")


class _Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, 1, 3)

    def forward(self, L: Tensor, ab: Tensor) -> Tensor:
        return self.layers(torch.cat([L, ab], dim=1))


def _nets() -> tuple[nn.Module, nn.Module]:
    """Make a generator and a critic that take a millisecond a step; the same at every call."""
    layers = nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 2, 3, padding=1)
    return initialise(nn.Sequential(*layers), "he", seed=1), initialise(_Critic(), "he", seed=2)


def _flat(net: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in net.parameters()])


def _number(value: Any) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float32).detach()


# 5.1 and 5.2 ----------------------------------------------------------------------------------------------
_generator = torch.Generator().manual_seed(3)
_L = torch.rand(2, 1, 8, 8, generator=_generator) * 2 - 1
_AB = torch.rand(2, 2, 8, 8, generator=_generator) - 0.5


def _stepped(step: Callable, L: Tensor, ab: Tensor) -> Seen:
    """Do two steps and say what moved; two, so that gradients left over from the first one show."""
    net_g, net_d = _nets()
    before = _flat(net_g), _flat(net_d)
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=1e-2) for net in (net_g, net_d))
    for _ in range(2):
        losses = step(net_g, net_d, opt_g, opt_d, L.clone(), ab.clone())
    if not isinstance(losses, dict):
        return {"the answer's names": "none" if losses is None else f"none, a {type(losses).__name__}"}
    moved_g, moved_d = ((_flat(net) - old).norm() for net, old in zip((net_g, net_d), before, strict=True))
    return {
        "the answer's names": ", ".join(sorted(map(str, losses))),
        "how far the critic moved": moved_d,
        "how far the generator moved": moved_g,
        **{f"{name} in the second step": _number(losses.get(name, math.nan)) for name in LOSSES},
        "the critic's weights": _flat(net_d),
        "the generator's weights": _flat(net_g),
    }


def step_with(
    smoothing: float = 1.0,
    lam: float = 100.0,
    *,
    cut: bool = False,
    clear: bool = True,
    swapped: bool = False,
    first: str = "critic",
    fooled: bool = True,
    total: float = 0.5,
) -> Callable:
    """Make a training step, right unless it is asked to be wrong."""
    gan = GANLoss(smoothing=smoothing)

    def step(net_g, net_d, opt_g, opt_d, L, ab):
        fake, told = net_g(L), {}
        fake = fake.detach() if cut else fake

        def critic():
            real, made = net_d(L, ab), net_d(L, fake.detach())
            d_real, d_fake = gan.critic(made, real) if swapped else gan.critic(real, made)
            descend(opt_d, total * (d_real + d_fake))
            told.update(D_real=d_real.item(), D_fake=d_fake.item())

        def generator():
            logits = net_d(L, fake)
            loss, adversarial, pixel = generator_loss(logits, ab, fake, gan=gan, lam=lam)
            descend(opt_g, loss if fooled else gan.critic(logits, logits)[1] + lam * pixel)
            told.update(G_GAN=adversarial.item(), G_pixel=pixel.item())

        def descend(optimizer, loss):
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        for half in (critic, generator) if first == "critic" else (generator, critic):
            half()
        return told

    return step


_twice = {
    "backward through the graph a second time": "the critic's step reached into the generator and used up "
    "its graph: give the critic fake.detach().",
    "does not require grad": "this loss hangs on nothing that can learn: is there a detach too many?",
}
_steps = [
    Mistake("the function returned nothing: end it with a return of the four losses, as a dict.",
            lambda *args: None),
    Mistake("the generator never moved: it learns through `fake`, so only the critic gets fake.detach().",
            step_with(cut=True)),
    Mistake("gradients of the step before were still there: zero_grad() before each backward().",
            step_with(clear=False)),
    Mistake("the critic learns it the wrong way round: real pictures come first in gan.critic(real, fake).",
            step_with(swapped=True)),
    Mistake("the generator went first; here the critic does, and the generator hears the newer critic.",
            step_with(first="generator")),
    Mistake("the generator helps the critic: it wants its pictures to pass for real; use generator_loss.",
            step_with(fooled=False)),
    Mistake("lambda is missing: the pixel loss weighs 100; losses.generator_loss does it.",
            step_with(lam=1.0)),
    Mistake("the critic's loss is the mean of its two losses: divide their sum by 2.",
            step_with(total=1.0)),
]  # fmt: skip
_mended = [
    Mistake("this still does what the broken step does: the generator never moves. Where was it cut off?",
            step_with(0.9, 50.0, cut=True)),
    Mistake("the generator moves again, but the labels are not smoothed any more: mend one thing only.",
            step_with(1.0, 50.0)),
    Mistake("the generator moves again, but lambda is 100 now: mend one thing, leave the 50.",
            step_with(0.9, 100.0)),
    Mistake("the generator moves, but old gradients pile up: keep both zero_grad().",
            step_with(0.9, 50.0, clear=False)),
]  # fmt: skip


# 5.3 ------------------------------------------------------------------------------------------------------
def plateau(scores: Tensor, patience: int = 3, *, past: str = "best", reset: bool = True, early: int = 0,
            divide: float = 10.0, sign: float = 1.0) -> Tensor:  # fmt: skip
    """Give the learning rate's factor after each epoch: a tenth on a plateau.

    The rule of :class:`colorlib.training.Trainer` with ``schedule="plateau"``.
    """
    best, waited, factor, factors = -math.inf, 0, 1.0, []
    for score in (sign * scores).tolist():
        waited = 0 if score > best else waited + 1
        best = max(best, score) if past == "best" else score
        if waited > patience - early:
            factor, waited = factor / divide, 0 if reset else waited
        factors.append(factor)
    return torch.tensor(factors)


def _plateau(scores: Tensor, patience: int) -> Tensor:
    return plateau(scores, patience)


def _wrong_plateau(**how: Any) -> Callable:
    return lambda scores, patience: plateau(scores, patience, **how)


_scores = [
    Case("scores that rise at every epoch", (torch.tensor([20.0, 21, 22, 23]), 3)),
    Case("a best score, then four worse ones; patience 3", (torch.tensor([20.0, 22, 21, 21.5, 21, 21.7]), 3)),
    Case("a best score, then nine worse ones; patience 3",
         (torch.tensor([22.0, 21, 21.5, 21, 21.7, 21, 21.2, 21.1, 21.3, 21]), 3)),
    Case("one good epoch between two pauses; patience 1",
         (torch.tensor([22.0, 21, 23, 22, 22.5, 22.6, 22.7]), 1)),
]  # fmt: skip
_schedules = [
    Mistake("each epoch is held against the one before; what counts is the best one so far.",
            _wrong_plateau(past="previous")),
    Mistake("after a cut the waiting begins anew: set the count back to 0, or each further epoch cuts.",
            _wrong_plateau(reset=False)),
    Mistake("one epoch too early: patience 3 bears three epochs without a better score.",
            _wrong_plateau(early=1)),
    Mistake("the factor is halved; paper 003 divides by ten.", _wrong_plateau(divide=2.0)),
    Mistake("lower counts as better here; a validation PSNR is better when it is higher.",
            _wrong_plateau(sign=-1.0)),
]  # fmt: skip


# 5.4 ------------------------------------------------------------------------------------------------------
class _NoSpace(OSError):
    """What a full disk says."""


def _written(save: Callable, there: bool, breaks: bool) -> Seen:
    """Save into a fresh folder and say what a reader would have found there, meanwhile and afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path, seen = Path(folder, "run.bin"), {}
        if there:
            path.write_bytes(b"old")

        def look() -> str:
            return path.read_bytes().decode() or "an empty file" if path.exists() else "no file"

        def write(file: Any) -> None:
            file.write(b"ne")
            seen["meanwhile, under the final name"] = look()
            name = getattr(file, "name", None)
            beside = isinstance(name, str) and Path(name).resolve().parent == Path(folder).resolve()
            elsewhere = "memory" if name is None else "another folder"
            seen["the new content grows in"] = "the same folder" if beside else elsewhere
            if breaks:
                raise _NoSpace("no space left on device")
            file.write(b"w")

        error = "none"
        try:
            save(path, write)
        except _NoSpace:
            error = "passed on to the caller"
        others = sum(other.name != path.name for other in Path(folder).iterdir())
        return seen | {
            "afterwards, under the final name": look(),
            "the error": error,
            "other files left": others,
        }


def save_whole(path: Path, write: Callable) -> None:
    """Write a file that is there whole or not at all; see :func:`colorlib.files.whole`."""
    temporary = path.with_name(path.name + ".part")
    try:
        with open(temporary, "wb") as file:
            write(file)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _in_place(path: Path, write: Callable) -> None:
    with open(path, "wb") as file:
        write(file)


def _deleted_first(path: Path, write: Callable) -> None:
    path.unlink(missing_ok=True)
    save_whole(path, write)


def _elsewhere(path: Path, write: Callable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open(Path(folder, "part"), "wb") as file:
            write(file)
        shutil.move(Path(folder, "part"), path)


def _in_memory(path: Path, write: Callable) -> None:
    write(file := io.BytesIO())
    path.write_bytes(file.getvalue())


def _litter(path: Path, write: Callable) -> None:
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        write(file)
    os.replace(temporary, path)


def _silent(path: Path, write: Callable) -> None:
    with suppress(OSError):
        save_whole(path, write)


_saves = [
    Mistake("open(path, 'wb') empties the old file at once: a session lost now leaves neither old nor new. "
            "Write under another name first.", _in_place),
    Mistake("the old file was deleted before the new one was whole: os.replace takes its place in one step.",
            _deleted_first),
    Mistake("the file grows in another folder; a move from one disk to another, such as to Drive, is a copy, "
            "and a copy can break off. Use path.with_name(...).", _elsewhere),
    Mistake("collected in memory, then written under the final name: that last write can break off half-way.",
            _in_memory),
    Mistake("a write that broke off left its half file behind: remove it in a finally.", _litter),
    Mistake("the error was swallowed: whoever called believes that the checkpoint is safe. Let it pass.",
            _silent),
]  # fmt: skip
_files = [
    Case("a file that is not there yet", (False, False)),
    Case("a file that is there already", (True, False)),
    Case("a disk that is full half-way", (True, True)),
]

# 5.5 and 5.6 ----------------------------------------------------------------------------------------------
_RGB = torch.randint(0, 256, (8, 3, 8, 8), generator=_generator, dtype=torch.uint8)
_STOP = 6  # in the middle of the second epoch of four steps


def _run() -> Trainer:
    """Make a run of three epochs whose schedule cuts the learning rate in the second and in the third."""
    settings = Settings(epochs=3, batch=2, lr=1e-2, schedule="plateau", patience=0)
    net_g, net_d = _nets()
    run = Trainer(net_g, InMemory(_RGB), settings, net_d=net_d, validate=lambda net: -float(run.epoch))
    return run


def _keep(run: Trainer) -> checkpoint.Tree:
    return {
        "parts": {name: part.state_dict() for name, part in run.parts.items()},
        "counters": {name: getattr(run, name) for name in COUNTERS},
    }


def _take_up(run: Trainer, tree: checkpoint.Tree) -> None:
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
def _stopped() -> checkpoint.Tree:
    with _quiet():
        run = _run()
        run.fit(max_steps=_STOP)
        return _through_a_file(_keep(run))


def _through_a_file(tree: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(folder, tree, epoch=0, step=0)
        return checkpoint.latest(folder)


def _finished(run: Trainer) -> Seen:
    """Train to the end and say where a run has come to."""
    with _quiet():
        run.fit()
    seen: Seen = {"steps in all": run.total, "epochs in the history": len(run.history)}
    seen["the learning rate at the end"] = torch.tensor(run.opt_g.param_groups[0]["lr"])
    weights = {"the critic's weights at the end": run.net_d, "the generator's weights at the end": run.net_g}
    return seen | {name: _flat(net) for name, net in weights.items()}


def _kept(keep: Callable) -> Seen:
    """Let the answer keep a stopped run, and go on with another from what it kept."""
    run = _run()
    _take_up(run, _stopped())
    tree = keep(run)
    if not isinstance(tree, dict):
        return {"the answer": "nothing" if tree is None else f"a {type(tree).__name__}"}
    try:
        tree = _through_a_file(tree)
    except TypeError as error:
        return {"the answer": f"a dict that no file can hold: {error}"}
    known = {
        name: tree.get(name) if isinstance(tree.get(name), dict) else {} for name in ("parts", "counters")
    }
    other = _run()
    _take_up(other, known)
    seen = {"the answer": "a dict that a file can hold", "epoch, step": f"{other.epoch}, {other.step}"}
    return seen | _finished(other)


def _taken(take_up: Callable) -> Seen:
    """Let the answer bring a new run to where another one stopped, and go on with it."""
    run = _run()
    take_up(run, _through_a_file(_stopped()))
    where = {"epoch, step": f"{run.epoch}, {run.step}"}
    return where | _finished(run)


def _keeping(parts: Callable = lambda name: True, counters: Callable = lambda name: True) -> Callable:
    def keep(run):
        tree = _keep(run)
        chosen = {"parts": parts, "counters": counters}
        return {kind: {name: tree[kind][name] for name in tree[kind] if chosen[kind](name)} for kind in tree}

    return keep


def _taking(parts: Callable = lambda name: True, counters: Callable = lambda name: True) -> Callable:
    keep = _keeping(parts, counters)

    def take_up(run, tree):
        other = _run()
        _take_up(other, tree)
        _take_up(run, keep(other))

    return take_up


def _no_optimizer(name: str) -> bool:
    return not name.startswith("opt")


_kept_less = [
    Mistake("the function returned nothing: does it end with a return?", lambda run: None),
    Mistake("networks and optimisers went in themselves; a file takes what state_dict() gives of each.",
            lambda run: _keep(run) | {"parts": run.parts}),
    Mistake("the dict has other keys: expected are 'parts' and 'counters', with a dict under each.",
            lambda run: {name: part.state_dict() for name, part in run.parts.items()}),
    Mistake("the optimisers are missing: Adam's averages are as much of the run as the weights are.",
            _keeping(parts=_no_optimizer)),
    Mistake("the critic is missing: a trained generator would meet a critic that knows nothing.",
            _keeping(parts=lambda name: name not in ("net_d", "opt_d"))),
    Mistake("only the generator's weights are kept: enough to use it, too little to go on training.",
            _keeping(parts=lambda name: name == "net_g", counters=lambda name: False)),
    Mistake("the counters are missing: without epoch and step the run begins at its first picture.",
            _keeping(counters=lambda name: False)),
    Mistake("the step is missing: the epoch begins again, and its first pictures count twice.",
            _keeping(counters=lambda name: name != "step")),
    Mistake("what the schedule remembers is missing: best, waited and factor belong to the run.",
            _keeping(counters=lambda name: name not in ("best", "waited", "factor"))),
]  # fmt: skip
_taken_less = [
    Mistake("the run is as new as before: load into run.parts and set the counters on run itself.",
            lambda run, tree: None),
    Mistake("of the counters only the epoch was set: step, total, best and the others belong to it.",
            _taking(counters=lambda name: name == "epoch")),
    Mistake("the optimisers were not loaded: their averages start anew at 0.", _taking(parts=_no_optimizer)),
    Mistake("the counters were not set: the run begins at its first picture.",
            _taking(counters=lambda name: False)),
    Mistake("the weights were not loaded: only the counters moved.", _taking(parts=lambda name: False)),
    Mistake("only the networks of one side were loaded: the critic and its optimiser count as well.",
            _taking(parts=lambda name: name in ("net_g", "opt_g"))),
    Mistake("the step was set to 0: the epoch begins again, and its first pictures count twice.",
            _taking(counters=lambda name: name != "step")),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "5.1",
        "One step of both networks",
        Effects(step_with(), _stepped, [Case("two steps of two tiny networks", (_L, _AB))], _steps, _twice),
        (
            "Paint once: fake = net_g(L). Then two halves, each with zero_grad(), backward() and step().",
            "The critic's half: gan.critic(net_d(L, ab), net_d(L, fake.detach())), its two losses averaged.",
            "The generator's half: losses.generator_loss(net_d(L, fake), ab, fake) gives three losses; "
            "return the four numbers as a dict.",
        ),
    ),
    Exercise(
        "5.2",
        "A loop, broken on purpose",
        Effects(
            step_with(0.9, 50.0),
            _stepped,
            [Case("two steps of two tiny networks", (_L, _AB))],
            _mended,
            _twice,
        ),
        (
            "Which network's curve never moves? Follow its gradient from the loss backwards, line by line.",
            "detach() cuts the way back. Who may be cut off from the generator, and who may not?",
            "Take the detach from the first line and give it to the critic alone: net_d(L, fake.detach()).",
        ),
    ),
    Exercise(
        "5.3",
        "A tenth on a plateau",
        Function(_plateau, _scores, _schedules, tolerance=1e-6),
        (
            "Walk through the scores with three things in hand: the best so far, epochs waited, the factor.",
            "A better score than the best sets the count to 0; any other adds 1.",
            "If waited > patience: divide the factor by 10, set waited to 0. Note the factor each time.",
        ),
    ),
    Exercise(
        "5.4",
        "Whole or not at all",
        Effects(save_whole, _written, _files, _saves),
        (
            "Write under another name in the same folder; the final name comes last.",
            "os.replace(temporary, path) takes the old file's place in one step, on every system.",
            "temporary = path.with_name(path.name + '.part'); try: open, write, replace; finally: "
            "temporary.unlink(missing_ok=True).",
        ),
    ),
    Exercise(
        "5.5",
        "Everything that the run needs",
        Effects(_keep, _kept, [Case("a run stopped in the middle of an epoch", ())], _kept_less),
        (
            "run.parts holds whatever has a state of its own; part.state_dict() gives it.",
            "getattr(run, name) for each name in COUNTERS gives the rest.",
            "Two dict comprehensions, under the keys 'parts' and 'counters'.",
        ),
    ),
    Exercise(
        "5.6",
        "Take it up again",
        Effects(_take_up, _taken, [Case("a run stopped in the middle of an epoch", ())], _taken_less),
        (
            "It is your `keep`, backwards: part.load_state_dict(...), and setattr in place of getattr.",
            "for name, part in run.parts.items(): part.load_state_dict(tree['parts'][name])",
            "for name in COUNTERS: setattr(run, name, tree['counters'][name])",
        ),
    ),
)
