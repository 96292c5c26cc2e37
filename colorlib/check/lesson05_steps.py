"""Exercises 5.1, 5.2 and 5.6: one training step of two networks, also in 16 bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import GradScaler

from colorlib.check.comparison import describe
from colorlib.check.graders import Observation, SideEffectGrader
from colorlib.check.network_graders import flatten_weights
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.losses import GANLoss, generator_loss
from colorlib.unet import UNet

_NAMES = ("D_real", "D_fake", "G_GAN", "G_rec")
_NETS = ("generator", "discriminator")


@dataclass(frozen=True)
class Step:
    """A training step that is right, except for the fields that are not their defaults.

    Args:
        detached: Which of the uses of fake are detached: by "d", by "g", and by "rec".
        zero_d, zero_g: When the gradients are set to zero: "before", "late" (between backward and
            step), or "never".
        d_loss: What the discriminator minimizes: the "mean", the "sum", or one of its two losses.
        helps: Whether the generator minimizes the discriminator's loss on fakes.
        order: "d first", "g first", or "late d step": the discriminator's step comes last.
        runs: How often the generator runs.
        half: Which networks run in 16 bits: none of them in exercises 5.1 and 5.2.
        unscaled: Which losses are not scaled.
        plain, by_hand: Which optimizers step without the scaler; by_hand: after unscale_().
        updates: When the scaler is updated: "end", "each", or "never".
    """

    gan: GANLoss = GANLoss()
    lambda_rec: float = 100.0
    detached: str = "d"
    zero_d: str = "before"
    zero_g: str = "before"
    d_loss: str = "mean"
    helps: bool = False
    swap_logits: bool = False
    order: str = "d first"
    step_d: bool = True
    step_g: bool = True
    runs: int = 1
    result: Callable[[dict[str, Tensor]], Any] = lambda found: {
        n: x.item() for n, x in found.items()
    }
    half: str = ""
    unscaled: str = ""
    plain: str = ""
    by_hand: str = ""
    updates: str = "end"

    def __call__(
        self, net_g, net_d, opt_g, opt_d, L: Tensor, ab: Tensor, scaler=None, dtype=None
    ) -> Any:
        """Update the discriminator, then the generator; return the four losses by name."""
        scaler = scaler or GradScaler(L.device.type, enabled=False)
        late = self.order == "late d step"

        def run(which: str, net: nn.Module, *inputs: Tensor) -> Tensor:
            with torch.autocast(L.device.type, dtype) if which in self.half else nullcontext():
                return net(*inputs)

        def fake_for(use: str) -> Tensor:
            return fake.detach() if use in self.detached.split() else fake

        for _ in range(self.runs):
            fake = run("g", net_g, L)

        def update_d() -> dict[str, Tensor]:
            logits = [run("d", net_d, L, ab), run("d", net_d, L, fake_for("d"))]
            real, fake_loss = self.gan.discriminator_loss(*logits[:: -1 if self.swap_logits else 1])
            loss = {"mean": (real + fake_loss) / 2, "sum": real + fake_loss, "real": real,
                    "fake": fake_loss}[self.d_loss]  # fmt: skip
            self._optimize(scaler, opt_d, loss, "d", self.zero_d, self.step_d and not late)
            return {"D_real": real, "D_fake": fake_loss}

        def update_g() -> dict[str, Tensor]:
            logits = run("d", net_d, L, fake_for("g"))
            total, adversarial, rec = generator_loss(
                logits, ab, fake_for("rec"), gan=self.gan, lambda_rec=self.lambda_rec
            )
            helps = self.gan.discriminator_loss(logits, logits)[1] + self.lambda_rec * rec
            loss = helps if self.helps else total
            self._optimize(scaler, opt_g, loss, "g", self.zero_g, self.step_g)
            return {"G_GAN": adversarial, "G_rec": rec}

        halves = [update_g, update_d] if self.order == "g first" else [update_d, update_g]
        found = halves[0]() | halves[1]()
        if late:
            scaler.step(opt_d)
        if self.updates != "never":
            scaler.update()
        return self.result({name: found[name].detach() for name in _NAMES})

    def _optimize(self, scaler, optimizer, loss, which: str, zero_grad: str, step: bool) -> None:
        if zero_grad == "before":
            optimizer.zero_grad()
        if loss.requires_grad:
            loss = loss if which in self.unscaled else scaler.scale(loss)
            loss.backward(retain_graph=True)
        if zero_grad == "late":
            optimizer.zero_grad()
        if step:
            if which in self.by_hand:
                scaler.unscale_(optimizer)
            optimizer.step() if which in self.plain + self.by_hand else scaler.step(optimizer)
        if self.updates == "each" and which == "d":
            scaler.update()


# what is observed ---------------------------------------------------------------------------------
_PASSES = "in two steps, how often gradients pass through the generator"
_TYPE, _WEIGHTS = "the type that the {} computes in", "the type of the weights"
_RUNS = "in two steps, how often the generator runs"


def run_step(step: Callable) -> dict[str, Any]:
    """Take two steps with two small networks, and return what happened.

    Two steps show gradients that remain. Plain gradient descent shows every change of a gradient.
    """
    return _run_known(step) if isinstance(step, Step) else _Recorder().run(step)


def run_amp_step(
    step: Callable, dtype: torch.dtype, factor: float, gain: float = 1.0
) -> dict[str, Any]:
    """As :func:`run_step`, in 16 bits.

    Args:
        step: It also gets a gradient scaler and the type.
        dtype: A CPU computes with both 16-bit types.
        factor: The scaler's at first.
        gain: What the discriminator's last layer is multiplied by; a large one makes large losses.
    """
    run = _run_known if isinstance(step, Step) else _run_amp
    return run(step, dtype, factor, gain)


@cache
def _run_known(step: Step, *amp: Any) -> dict[str, Any]:
    """Run one of our steps; a check tries dozens of them, and each always does the same."""
    return _run_amp(step, *amp) if amp else _Recorder().run(step)


def _run_amp(step: Callable, dtype: torch.dtype, factor: float, gain: float) -> dict[str, Any]:
    recorder = _Recorder(gain)
    scaler = GradScaler("cpu", init_scale=factor, growth_interval=1)
    seen = recorder.run(step, scaler, dtype)
    types = {_TYPE.format(name): text for name, text in recorder.types().items()}
    return types | seen | {"the scaler's factor after two steps": f"{scaler.get_scale():g}"}


class _Recorder:
    """Two small networks, and what happens to them in two steps."""

    def __init__(self, gain: float = 1.0) -> None:
        self.net_g = init_weights(UNet(1, 2, 2, 2, dropout=0.0), "he", seed=1)
        self.net_d = init_weights(PatchDiscriminator(3, 1, 2), "he", seed=2)
        *_, last = (m for m in self.net_d.modules() if isinstance(m, nn.Conv2d))
        last.weight.data *= gain
        self.passes, self.runs = 0, 0
        self.outputs = {name: Counter[str]() for name in _NETS}
        self.steps = {name: Counter[str]() for name in _NETS}
        next(self.net_g.parameters()).register_hook(self._count_pass)
        self.net_g.register_forward_hook(self._count_run)
        for name, net in zip(_NETS, (self.net_g, self.net_d), strict=True):
            conv = next(module for module in net.modules() if isinstance(module, nn.Conv2d))
            conv.register_forward_hook(self._note_type(self.outputs[name]))

    def _count_pass(self, gradient: Tensor) -> None:
        self.passes += 1

    def _count_run(self, *_: Any) -> None:
        self.runs += 1

    def _watch_optimizer(self, name: str, net: nn.Module) -> torch.optim.Optimizer:
        """Return an optimizer whose steps are counted, with and without gradients."""
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)

        def count_step(*_: Any) -> None:
            gradients = [weight.grad for weight in net.parameters() if weight.grad is not None]
            has_gradient = any(gradient.any() for gradient in gradients)
            self.steps[name].update(["with" if has_gradient else "without"])

        optimizer.register_step_pre_hook(count_step)
        return optimizer

    def _steps(self, name: str) -> str:
        return ", ".join(f"{n} {kind} gradients" for kind, n in self.steps[name].items()) or "none"

    @staticmethod
    def _note_type(types: Counter) -> Callable:
        return lambda module, inputs, output: types.update([str(output.dtype)])

    def types(self) -> dict[str, str]:
        return {name: " and ".join(sorted(types)) for name, types in self.outputs.items()}

    def run(self, step: Callable, *extra: Any) -> dict[str, Any]:
        nets = (self.net_g, self.net_d)
        optimizers = [self._watch_optimizer(*pair) for pair in zip(_NETS, nets, strict=True)]
        images = _create_images()
        results = [step(*nets, *optimizers, lab[:, :1], lab[:, 1:], *extra) for lab in images]
        unchanged = torch.equal(images, _create_images())
        learning = sum(weight.requires_grad for weight in self.net_d.parameters())
        return {
            "the returned value": _describe_losses(results[0]),
            _RUNS: self.runs,
            _PASSES: self.passes,
            "the batches after the steps": "unchanged" if unchanged else "changed",
            _WEIGHTS: str(next(self.net_g.parameters()).dtype),
            **_losses_by_name(results[0]),
            **{f"in two steps, the steps of the {n}'s optimizer": self._steps(n) for n in _NETS},
            "the discriminator's tensors that can still learn": learning,
            "the discriminator's weights after two steps": _finite_weights(self.net_d),
            "the generator's weights after two steps": _finite_weights(self.net_g),
        }


def _create_images() -> Tensor:
    return torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1


def _finite_weights(net: nn.Module) -> Tensor:
    """Return the weights without NaN, so that two runs that fail alike compare as equal."""
    return flatten_weights(net).nan_to_num(nan=0)


def _describe_losses(losses: Any) -> str:
    if not isinstance(losses, dict) or sorted(losses) != sorted(_NAMES):
        return describe(losses)
    kinds = {"floats" if isinstance(x, Real) else describe(x) for x in losses.values()}
    return f"a dict of four {' and '.join(sorted(kinds))}"


def _losses_by_name(losses: Any) -> dict[str, Any]:
    if not isinstance(losses, dict):
        return {}
    return {
        f"{name} of the first step": torch.as_tensor(float(losses[name]))
        for name in _NAMES
        if isinstance(losses.get(name), Real)
    }


@dataclass
class StepGrader(SideEffectGrader):
    """Grader for a training step."""

    def _advise(self, got: Observation, expected: Observation) -> str:
        for name in _NETS:
            key = _TYPE.format(name)
            if got.values.get(key) != expected.values.get(key):
                return _advise_on_type(name, got.values.get(key, ""))
        if got.values.get("the returned value") != expected.values["the returned value"]:
            return f"return a dict with the names {', '.join(_NAMES)}."
        return _CONVERTED if got.values[_WEIGHTS] != expected.values[_WEIGHTS] else ""


_CONVERTED = (
    "you convert the networks themselves: their weights must stay in float32, where small steps "
    "survive. Autocast converts only for the calculation."
)


def _advise_on_type(name: str, types: str) -> str:
    if str(torch.float32) not in types:
        return f"the {name} computes in another format: give autocast the argument dtype."
    if types != str(torch.float32):
        return f"one call of the {name} is not inside autocast: both halves need it."
    return (
        f"the {name} does not compute in 16 bits: call it inside "
        "torch.autocast(L.device.type, dtype)."
    )
