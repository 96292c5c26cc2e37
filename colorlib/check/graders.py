"""Graders: run a learner's implementation, compare it with the reference, and diagnose the mistake.

A known mistake is a wrong implementation with a message. If the learner's implementation behaves
like it, the message is the likely cause. So a mistake is recognized by its behaviour, however the
code is written.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from colorlib.check.comparison import (
    Mismatch,
    compare,
    describe,
    describe_exception,
    learner_line,
)
from colorlib.check.result import Outcome, Result
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.unet import UNet

_NOT_A_FUNCTION = "pass the function's name to the check, without brackets and arguments after it."
_UNKNOWN_MISTAKE = "the check does not know this mistake; the hints go step by step."
_CHANGED_INPUT = "x[...] = ... or x *= ... writes into the caller's tensor: create a new tensor."
_NOT_A_NETWORK = (
    "return a list of layers or an nn.Module; build it, but do not call it on an image."
)
_SAME_LAYERS = "your layers are the same as ours: look at their order, and at what forward does."


@dataclass(frozen=True)
class Case:
    """One call to try: its description for the learner, and its arguments."""

    name: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class KnownMistake:
    """A wrong implementation that learners write, and the message that helps them."""

    message: str
    implementation: Callable


@dataclass(frozen=True)
class Observation:
    """What an implementation returned or did in one case.

    Args:
        values: Values by name, in the order in which to compare them; the name "" is not shown.
        error: The exception, if it raised one.
        changed_input: Whether it wrote into its arguments.
        network: The network that it built.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    changed_input: bool = False
    network: nn.Module | None = None


@dataclass
class Grader(ABC):
    """Base of all graders; a subclass says what to observe of an implementation.

    Args:
        reference: The library's own implementation.
        cases: What to try; the first case that fails is reported.
        mistakes: Known mistakes.
        tolerance: Largest absolute difference that still passes.
        error_causes: Part of an error message -> the cause to show with that error.
    """

    reference: Callable
    cases: Sequence[Case]
    mistakes: Sequence[KnownMistake] = ()
    tolerance: float = 1e-5
    error_causes: Mapping[str, str] = field(default_factory=dict)
    errors_are_mistakes: ClassVar[bool] = False  # whether a known mistake may be an exception

    @abstractmethod
    def observe(self, implementation: Callable, case: Case) -> Observation:
        """Run an implementation in one case; exceptions may propagate."""

    def __call__(self, learner: Any) -> Result:
        """Grade the learner's implementation."""
        if not self._is_function(learner):
            return _wrong(Mismatch(describe(learner), "the function itself", _NOT_A_FUNCTION))
        for case in self.cases:
            got, expected = self._run(learner, case), self._run(self.reference, case)
            if isinstance(got.error, NotImplementedError):
                return Result(Outcome.NOT_ATTEMPTED)
            if got.error and not self.errors_are_mistakes:
                return self._raised(got.error, case)
            mismatch = self._first_mismatch(got, expected)
            if mismatch:
                cause = self._diagnose(learner, case)
                if got.error and not cause:
                    return self._raised(got.error, case)
                return _wrong(mismatch, case.name, cause or self._advise(got, expected))
            if got.changed_input:
                mismatch = Mismatch("a changed input", "an unchanged input", _CHANGED_INPUT)
                return _wrong(mismatch, case.name)
        return Result(Outcome.PASSED)

    def _is_function(self, learner: Any) -> bool:
        return callable(learner)

    def _run(self, implementation: Callable, case: Case) -> Observation:
        try:
            return self.observe(implementation, case)
        except Exception as error:
            return Observation(error=error)

    def _first_mismatch(self, got: Observation, expected: Observation) -> Mismatch | None:
        """Find the first value that differs; None if all agree."""
        if got.error or expected.error:
            if repr(got.error) == repr(expected.error):
                return None
            return Mismatch(_describe_observation(got), _describe_observation(expected))
        for name, value in expected.values.items():
            mismatch = compare(got.values.get(name), value, self.tolerance)
            if mismatch:
                return replace(mismatch, what=name)
        return None

    def _diagnose(self, learner: Callable, failed: Case) -> str:
        """Return the message of the known mistake that behaves like the learner's implementation.

        The behaviour must agree in all cases, or, if there is no such mistake, in the failed one.
        """
        for cases in (self.cases, [failed]):
            observed = [self._run(learner, case) for case in cases]
            for mistake in self.mistakes:
                if all(
                    self._first_mismatch(got, self._run(mistake.implementation, case)) is None
                    for got, case in zip(observed, cases, strict=True)
                ):
                    return mistake.message
        return ""

    def _advise(self, got: Observation, expected: Observation) -> str:
        """Return advice on a mistake that is not known."""
        return ""

    def _raised(self, error: Exception, case: Case) -> Result:
        """Report the exception, the learner's line, and the cause if the message reveals it."""
        reasons = [("for", case.name), ("error", describe_exception(error))]
        if line := learner_line(error):
            reasons.append(("in the line", line))
        causes = [cause for part, cause in self.error_causes.items() if part in str(error)]
        reasons += [("likely cause", cause) for cause in causes[:1]]
        return Result(Outcome.RAISED, tuple(reasons))


@dataclass
class FunctionGrader(Grader):
    """Grader for a function of tensors that returns a tensor or a tuple of tensors.

    Example:
        >>> grader = FunctionGrader(torch.abs, [Case("minus one", (torch.tensor(-1.0),))])
        >>> grader(lambda x: -x).outcome.word, grader(torch.square).outcome.word
        ('passed', 'passed')
        >>> grader(torch.exp).reasons[:3]
        (('for', 'minus one'), ('got', '0.3679'), ('expected', '1'))
    """

    tolerance: float = 1e-3

    def observe(self, implementation: Callable, case: Case) -> Observation:
        args = tuple(arg.clone() if isinstance(arg, Tensor) else arg for arg in case.args)
        output = implementation(*args)
        changed = compare(args, case.args, tolerance=0) is not None
        return Observation({"": output}, changed_input=changed)


@dataclass
class SideEffectGrader(Grader):
    """Grader for a function whose effect counts: weights that move, files that it writes.

    Args:
        run: Called with an implementation and a case's arguments; returns what happened, by name.

    Example:
        >>> def sort_two(sort):
        ...     sort(numbers := [2, 1])
        ...     return {"the first number": numbers[0]}
        >>> grader = SideEffectGrader(list.sort, [Case("two numbers")], run=sort_two)
        >>> grader(list.reverse).outcome.word, grader(lambda x: None).outcome.word
        ('passed', 'wrong')
    """

    run: Callable[..., Mapping[str, Any]] = field(kw_only=True)

    def observe(self, implementation: Callable, case: Case) -> Observation:
        return Observation(self.run(implementation, *case.args))


@dataclass
class NetworkGrader(Grader):
    """Grader for a function that builds a network or a list of layers.

    Both networks get the same weights, and their outputs are compared. The weights depend only on
    the type and shape of each layer, so neither the order nor the names of the layers matter.

    The first argument of a case is the number of input channels.

    Args:
        image_size: Height and width of the input.
    """

    tolerance: float = 1e-4
    image_size: tuple[int, int] = field(kw_only=True)
    errors_are_mistakes: ClassVar[bool] = True

    def observe(self, implementation: Callable, case: Case) -> Observation:
        built = implementation(*case.args)
        layers = built if isinstance(built, (list, tuple)) else [built]
        if not layers or not all(isinstance(layer, nn.Module) for layer in layers):
            return Observation({"the returned value": describe(built)})
        net = set_deterministic_weights(nn.Sequential(*layers))
        shape = (2, case.args[0], *self.image_size)
        with torch.no_grad():
            output = net(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
        if not isinstance(output, Tensor):
            return Observation({"the returned value": f"a network that returns {describe(output)}"})
        count = sum(parameter.numel() for parameter in net.parameters())
        values = {
            "the returned value": "a network",
            "the output's size": describe(output),
            "the number of parameters": f"{count:,} parameters",
            "the output": output,
        }
        return Observation(values, network=net)

    def _is_function(self, learner: Any) -> bool:
        return callable(learner) and not isinstance(learner, nn.Module)

    def _advise(self, got: Observation, expected: Observation) -> str:
        if got.network is None or expected.network is None:
            return _NOT_A_NETWORK
        return _layer_diff(got.network, expected.network)


_STEP_CASES = tuple(
    Case(name)
    for name in (
        "the losses of the first step on images of 8 x 8 pixels",
        "how often the generator got gradients in two steps",
        "the discriminator's weights after two steps",
        "the generator's weights after two steps",
    )
)


@dataclass
class TrainingStepGrader(Grader):
    """Grader for ``step(net_g, net_d, opt_g, opt_d, L, ab, ...)``, which returns its losses.

    It runs two steps, so that gradients left over from the first one show in the second. It uses
    plain gradient descent, so that weights differ where gradients do.

    Args:
        extra_args: More arguments of the step, after ab.
        lr: Learning rate of both optimizers.
    """

    cases: Sequence[Case] = field(default=_STEP_CASES, init=False)
    extra_args: tuple[Any, ...] = ()
    lr: float = 0.1
    _runs: dict[int, dict[str, Any]] = field(default_factory=dict, init=False)

    def __call__(self, learner: Any) -> Result:
        self._runs.clear()
        return super().__call__(learner)

    def observe(self, implementation: Callable, case: Case) -> Observation:
        if id(implementation) not in self._runs:
            measured = self._run_two_steps(implementation)
            names = [case.name for case in self.cases]
            self._runs[id(implementation)] = dict(zip(names, measured, strict=True))
        return Observation({"": self._runs[id(implementation)][case.name]})

    def _run_two_steps(self, step: Callable) -> tuple[Any, Tensor, Tensor, Tensor]:
        net_g = init_weights(UNet(1, 2, 2, 2, dropout=0.0), "he", seed=1)
        net_d = init_weights(PatchDiscriminator(3, 1, 2), "he", seed=2)
        opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=self.lr) for net in (net_g, net_d))
        gradients: list[Tensor] = []
        next(net_g.parameters()).register_hook(gradients.append)
        images = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1
        losses = [
            step(net_g, net_d, opt_g, opt_d, lab[:, :1], lab[:, 1:], *self.extra_args)
            for lab in images
        ]
        count = torch.tensor(float(len(gradients)))
        return _losses_to_tensors(losses[0]), count, flatten_weights(net_d), flatten_weights(net_g)


def set_deterministic_weights(net: nn.Module) -> nn.Module:
    """Set weights that depend only on type and shape of each layer; switch to evaluation mode.

    Example:
        >>> net = set_deterministic_weights(nn.Sequential(nn.Conv2d(1, 2, 3)))
        >>> torch.equal(net[0].weight, set_deterministic_weights(nn.Conv2d(1, 2, 3)).weight)
        True
    """
    for module in net.modules():
        tensors = dict(module.named_parameters(recurse=False))
        tensors |= dict(module.named_buffers(recurse=False))
        for name, tensor in tensors.items():
            if tensor.is_floating_point():
                tensor.data.copy_(_deterministic_values(module, name, tensor))
    return net.eval()


def _deterministic_values(module: nn.Module, name: str, tensor: Tensor) -> Tensor:
    key = f"{type(module).__name__} {name} {tuple(tensor.shape)}"
    generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
    if tensor.ndim > 1:  # He initialization: activations keep their size
        scale = (2 / tensor[0].numel()) ** 0.5
        return torch.randn(tensor.shape, generator=generator) * scale
    low = 0.5 if name in ("weight", "running_var") else -0.5
    return low + torch.rand(tensor.shape, generator=generator)


def flatten_weights(net: nn.Module) -> Tensor:
    """Return all parameters of a network as one vector."""
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def _losses_to_tensors(losses: Any) -> Any:
    """Convert the numbers in a tuple or dict of losses to tensors."""
    if isinstance(losses, dict):
        return {name: _losses_to_tensors(loss) for name, loss in losses.items()}
    if isinstance(losses, (tuple, list)):
        return tuple(_losses_to_tensors(loss) for loss in losses)
    return torch.tensor(losses) if isinstance(losses, (int, float)) else losses


def _layer_diff(net: nn.Module, reference: nn.Module) -> str:
    """List layers that only one of two networks has."""
    layers, reference_layers = _count_layers(net), _count_layers(reference)
    extra, missing = layers - reference_layers, reference_layers - layers
    sentences = [f"yours has {layer}, ours does not" for layer in list(extra)[:2]]
    sentences += [f"ours has {layer}, yours does not" for layer in list(missing)[:2]]
    return "; ".join(sentences) + "." if sentences else _SAME_LAYERS


def _count_layers(net: nn.Module) -> Counter[str]:
    """Count the layers with an effect in evaluation mode by their description."""
    leaves = [module for module in net.modules() if not list(module.children())]
    without_effect = (nn.Identity, nn.Sequential, nn.Dropout)
    return Counter(str(leaf) for leaf in leaves if not isinstance(leaf, without_effect))


def _describe_observation(observation: Observation) -> str:
    if observation.error:
        return describe_exception(observation.error)
    first = next(iter(observation.values.values()), None)
    return first if isinstance(first, str) else describe(first)


def _wrong(mismatch: Mismatch, case_name: str = "", cause: str = "") -> Result:
    """Format a mismatch: the only place that writes got, expected and likely cause."""
    reasons = [
        ("for", case_name),
        ("what", mismatch.what),
        ("got", mismatch.got),
        ("expected", mismatch.expected),
        ("likely cause", cause or mismatch.advice or _UNKNOWN_MISTAKE),
    ]
    return Result(Outcome.WRONG, tuple((label, text) for label, text in reasons if text))
