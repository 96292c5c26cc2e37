"""Mistakes and errors of exercises 5.1, 5.2 and 5.6, the training steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from colorlib.check.graders import Case, KnownMistake
from colorlib.check.lesson05_steps import Step
from colorlib.losses import GANLoss


def _swap(found: dict[str, Tensor], first: str, second: str) -> dict[str, float]:
    values = {name: value.item() for name, value in found.items()}
    return values | {first: values[second], second: values[first]}


def _with_total(found: dict[str, Tensor], lambda_rec: float) -> dict[str, float]:
    values = {name: value.item() for name, value in found.items()}
    return values | {"G_GAN": values["G_GAN"] + lambda_rec * values["G_rec"]}


def step_mistakes(**right: Any) -> list[KnownMistake]:
    """Return the mistakes of a step that is right with these fields."""
    weight = right.get("lambda_rec", 100.0)
    table: list[tuple[str, dict[str, Any]]] = [
        ("the function returned nothing: return the four losses as a dict.",
         {"result": lambda found: None}),
        ("return a dict with the four names, not a tuple.",
         {"result": lambda found: tuple(x.item() for x in found.values())}),
        ("return floats: loss.item() for each loss. A tensor is not a number, and with its graph "
         "it keeps the step's memory.", {"result": dict}),
        ("the generator runs more than once in a step: keep fake = net_g(L), and use it in both "
         "halves.", {"runs": 2}),
        ("the discriminator's half sends gradients through the generator: pass fake.detach() to "
         "the discriminator there, instead of retain_graph.", {"detached": ""}),
        ("the detach is in the wrong half: the discriminator's half needs fake.detach(), the "
         "generator's half needs fake.", {"detached": "g"}),
        ("the generator runs more than once in a step, and the discriminator's half sends "
         "gradients through it: keep fake = net_g(L), and pass fake.detach() to the discriminator.",
         {"runs": 2, "detached": ""}),
        ("no gradient reaches the generator: it learns through `fake`, so use fake.detach() only "
         "for the discriminator, and call total.backward().", {"detached": "d g rec"}),
        ("only the reconstruction loss teaches the generator: call total.backward(), and pass fake "
         "without a detach to net_d in this half.", {"detached": "d g"}),
        ("backward() starts at the reconstruction loss alone: call total.backward().",
         {"detached": "d g", "lambda_rec": 1.0}),
        ("only the adversarial loss teaches the generator: call total.backward(), and pass fake "
         "without a detach to generator_loss.", {"detached": "d rec"}),
        ("gradients of the previous step remain: both optimizers need zero_grad() before "
         "backward().", {"zero_d": "never", "zero_g": "never"}),
        ("the discriminator's old gradients remain, those of the generator's half too: call "
         "opt_d.zero_grad() before its backward().", {"zero_d": "never"}),
        ("the generator's old gradients remain: call opt_g.zero_grad() before its backward().",
         {"zero_g": "never"}),
        ("zero_grad() between backward() and step() erases what the generator should learn: call "
         "it before backward().", {"zero_g": "late"}),
        ("zero_grad() between backward() and step() erases what the discriminator should learn: "
         "call it before backward().", {"zero_d": "late"}),
        ("zero_grad() between backward() and step() erases all gradients: call it before "
         "backward().", {"zero_d": "late", "zero_g": "late"}),
        ("the generator gets gradients, but takes no step: opt_g.step().", {"step_g": False}),
        ("the discriminator takes no step: opt_d.step().", {"step_d": False}),
        ("no optimizer takes a step.", {"step_d": False, "step_g": False}),
        ("your generator helps the discriminator; its images should pass for real: use "
         "generator_loss.", {"helps": True}),
        (f"lambda is missing: the weight of the reconstruction is {weight:g}.",
         {"lambda_rec": 1.0}),
        ("the discriminator's loss is the mean of its two losses: divide their sum by 2.",
         {"d_loss": "sum"}),
        ("the discriminator learns from real images only: it needs both losses.",
         {"d_loss": "real"}),
        ("the discriminator learns from fakes only: it needs both losses.", {"d_loss": "fake"}),
        ("real and fake are swapped: use gan.discriminator_loss(real, fake).",
         {"swap_logits": True}),
        ("you update the generator first; update the discriminator first, so the generator learns "
         "from the newer one.", {"order": "g first"}),
        ("the discriminator's step comes after the generator's half, so the generator learns from "
         "the older one: opt_d.step() ends the first half.", {"order": "late d step"}),
        ("real and fake are swapped: discriminator_loss(logits_real, logits_fake), and its two "
         "results in the same order.",
         {"swap_logits": True, "result": lambda found: _swap(found, "D_real", "D_fake")}),
        ("the numbers of D_real and D_fake are swapped.",
         {"result": lambda found: _swap(found, "D_real", "D_fake")}),
        ("the numbers of G_GAN and G_rec are swapped: generator_loss returns total, adversarial, "
         "reconstruction.", {"result": lambda found: _swap(found, "G_GAN", "G_rec")}),
        ("G_GAN is the adversarial loss; you return the total.",
         {"result": lambda found: _with_total(found, weight)}),
    ]  # fmt: skip
    return [KnownMistake(message, Step(**(right | change))) for message, change in table]


def bugfix_mistakes(**right: Any) -> list[KnownMistake]:
    """Return the mistakes of exercise 5.2: those of fixing too little or too much come first."""
    table: list[tuple[str, dict[str, Any]]] = [
        ("this behaves like the broken step: the generator never changes. Where is it detached?",
         {"detached": "d g rec"}),
        ("the generator changes again, but you no longer smooth the labels: fix one thing only.",
         {"gan": GANLoss()}),
        ("the generator changes again, but lambda is 100 now: fix one thing, keep the 50.",
         {"lambda_rec": 100.0}),
    ]  # fmt: skip
    first = [KnownMistake(message, Step(**(right | change))) for message, change in table]
    messages = {mistake.implementation: mistake.message for mistake in first}
    rest = [m for m in step_mistakes(**right) if m.implementation not in messages]
    return [*first, *rest]


def _raises_with_scaler(step: Step) -> bool:
    """Whether a scaler refuses the step with an error, for which AMP_ERRORS has the cause."""
    late = "late" in (step.zero_d, step.zero_g)
    return late or step.detached == "d g rec" or not (step.step_d or step.step_g)


def amp_mistakes(**right: Any) -> list[KnownMistake]:
    """Return the mistakes of exercise 5.6: those of the 16 bits, then those of every step."""
    table: list[tuple[str, dict[str, Any]]] = [
        ("the generator's loss is not scaled, but scaler.step() divides its gradients by the "
         "factor: scaler.scale(loss).backward().", {"unscaled": "g"}),
        ("the scaler is updated twice in a step: both halves need the same factor, so call "
         "scaler.update() once, at the end.", {"updates": "each"}),
        ("the optimizers step with scaled gradients, far too far: scaler.step(optimizer) divides "
         "them by the factor first.", {"plain": "d g", "updates": "never"}),
        ("the generator's optimizer steps with scaled gradients, far too far: scaler.step(opt_g) "
         "divides them by the factor first.", {"plain": "g"}),
        ("the discriminator's optimizer steps with scaled gradients, far too far: "
         "scaler.step(opt_d) divides them by the factor first.", {"plain": "d"}),
        ("opt_g.step() takes a step with infinite gradients: scaler.step(opt_g) skips it.",
         {"by_hand": "g"}),
        ("opt_d.step() takes a step with infinite gradients: scaler.step(opt_d) skips it.",
         {"by_hand": "d"}),
        ("the optimizers take steps with infinite gradients: scaler.step(optimizer) skips them.",
         {"by_hand": "d g"}),
    ]  # fmt: skip
    first = [KnownMistake(message, Step(**(right | change))) for message, change in table]
    rest = [m for m in step_mistakes(**right) if not _raises_with_scaler(m.implementation)]
    return [*first, *rest]


CASES = [Case("two steps on images of 8 x 8 pixels")]
AMP_CASES = [
    Case("two steps in bfloat16", (torch.bfloat16, 4.0)),
    Case("two steps in float16", (torch.float16, 4.0)),
    Case("a factor so large that the generator's gradients become infinite",
         (torch.bfloat16, 2.0**127)),
    Case("a factor so large that all gradients become infinite",
         (torch.bfloat16, 2.0**127, 100.0)),
]  # fmt: skip
_COMMON_CAUSES = {
    "does not require grad": "no network can learn from this loss: is there a detach too many?",
    "modified by an inplace operation": "the discriminator changed after it computed these logits: "
    "compute net_d(L, fake) again after opt_d.step().",
    "backward through the graph a second time": "the discriminator's step used up the generator's "
    "graph: pass fake.detach() to the discriminator there.",
}
STEP_ERRORS = _COMMON_CAUSES
_NOT_CONVERTED = "convert neither inputs nor networks: autocast converts for the calculation."
AMP_ERRORS = _COMMON_CAUSES | {
    "expected scalar type": _NOT_CONVERTED,
    "should be the same": _NOT_CONVERTED,
    "_scale is None": "scaler.step() needs a scaled loss: scaler.scale(loss).backward().",
    "No inf checks were recorded prior to update": "scaler.update() needs scaler.step(optimizer) "
    "before it, not optimizer.step().",
    "already been called": "scaler.update() is missing: call it once, at the end of each step.",
    "No inf checks were recorded for this optimizer": "this optimizer has no gradients: is its "
    "loss's backward() missing, or is zero_grad() between backward() and step()?",
}
