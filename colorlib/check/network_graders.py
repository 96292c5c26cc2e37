"""Graders for functions that build or train networks."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from colorlib.check.comparison import describe
from colorlib.check.graders import Case, Failure, FunctionGrader, Grader, Observation
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.unet import UNet

_NOT_A_NETWORK = (
    "return a list of layers or an nn.Module; build it, but do not call it on an image."
)
_CHANGED_IMAGE = (
    "a network that writes into its input",
    "inplace=True in the first layer changes the input, which a skip still needs: leave it out.",
)
_BUILT = (
    "a network that was built",
    "add up the numbers from the sizes alone, without building it.",
)
_GRADIENT = "the gradient of the output's squares with respect to the input"
_CUT = "training needs these gradients: take .detach() or torch.no_grad() out of the network."
_SAME_LAYERS = "your layers are the same as ours: look at their order, and at what forward does."


@dataclass
class NetworkGrader(Grader):
    """Grader for a function that builds a network or a list of layers.

    Both networks get the same weights, and their outputs are compared. The weights depend only on
    the type and shape of each layer, so neither the order nor the names of the layers matter.

    The first argument of a case is the number of input channels, or 1 if there is none.

    Args:
        image_size: Height and width of the input.
    """

    tolerance: float = 1e-4
    image_size: tuple[int, int] = field(kw_only=True)
    errors_are_mistakes: ClassVar[bool] = True

    def observe(self, implementation: Callable, case: Case) -> Observation:
        built = implementation(*case.args, **case.kwargs)
        layers = built if isinstance(built, (list, tuple)) else [built]
        if not layers or not all(isinstance(layer, nn.Module) for layer in layers):
            return Observation({"the returned value": describe(built)})
        net = set_deterministic_weights(nn.Sequential(*layers))
        shape = (2, case.args[0] if case.args else 1, *self.image_size)
        image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            output = net(given := image.clone())
        if not isinstance(output, Tensor):
            return Observation({"the returned value": f"a network that returns {describe(output)}"})
        count = sum(parameter.numel() for parameter in net.parameters())
        values = {
            "the returned value": "a network",
            "the output's size": describe(output),
            "the number of parameters": f"{count:,} parameters",
            "the output": output,
        }
        values[_GRADIENT] = _input_gradient(net, image)
        changed = None if torch.equal(given, image) else _CHANGED_IMAGE
        return Observation(values, changed_input=changed, network=net)

    def _is_function(self, learner: Any) -> bool:
        return callable(learner) and not isinstance(learner, nn.Module)

    def _advise(self, got: Observation, expected: Observation) -> str:
        if got.network is None or expected.network is None:
            return _NOT_A_NETWORK
        if _same_output(got, expected):
            return _CUT
        return _layer_diff(got.network, expected.network)


_STEP_CASES = tuple(
    Case(name)
    for name in (
        "the losses of the first step on images of 8 x 8 pixels",
        "how often the generator ran in two steps",
        "how often the generator got gradients in two steps",
        "the discriminator's weights after two steps",
        "the generator's weights after two steps",
        "the mode of the two networks after two steps",
        "the batch after two steps",
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

    def find_failure(self, learner: Any) -> Failure | None:
        self._runs.clear()
        return super().find_failure(learner)

    def observe(self, implementation: Callable, case: Case) -> Observation:
        if id(implementation) not in self._runs:
            measured = self._run_two_steps(implementation)
            names = [case.name for case in self.cases]
            self._runs[id(implementation)] = dict(zip(names, measured, strict=True))
        return Observation({"": self._runs[id(implementation)][case.name]})

    def _run_two_steps(self, step: Callable) -> tuple[Any, ...]:
        net_g = init_weights(UNet(1, 2, 2, 2, dropout=0.0), "he", seed=1)
        net_d = init_weights(PatchDiscriminator(3, 1, 2), "he", seed=2)
        opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=self.lr) for net in (net_g, net_d))
        gradients: list[Tensor] = []
        next(net_g.parameters()).register_hook(gradients.append)
        runs: list[nn.Module] = []
        net_g.register_forward_hook(lambda net, *_: runs.append(net))
        images = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1
        batch = images.clone()
        losses = [
            step(net_g, net_d, opt_g, opt_d, lab[:, :1], lab[:, 1:], *self.extra_args)
            for lab in batch
        ]
        modes = ["training" if net.training else "evaluation" for net in (net_g, net_d)]
        return (
            _losses_to_tensors(losses[0]),
            len(runs),
            len(gradients),
            flatten_weights(net_d),
            flatten_weights(net_g),
            " and ".join(modes),
            "unchanged" if torch.equal(batch, images) else "changed",
        )


@dataclass
class SizesGrader(FunctionGrader):
    """Grader for a function that computes from sizes and must not build a network."""

    def observe(self, implementation: Callable, case: Case) -> Observation:
        built: list[nn.Module] = []
        hook = register_module_parameter_registration_hook(lambda module, *_: built.append(module))
        try:
            observation = super().observe(implementation, case)
        finally:
            hook.remove()
        is_learners = built and implementation is not self.reference
        return replace(observation, changed_input=_BUILT) if is_learners else observation


def _input_gradient(net: nn.Module, image: Tensor) -> Tensor | None:
    """Return the gradient of the squared output; training needs gradients through every path."""
    output = net(1 * image.requires_grad_())  # a network may write into its input
    if not output.requires_grad:
        return None
    return torch.autograd.grad((output**2).sum(), image, allow_unused=True)[0]


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
    if isinstance(losses, Tensor):
        return losses.detach()  # a loss may still have its graph
    return torch.tensor(losses) if isinstance(losses, (int, float)) else losses


def _same_output(got: Observation, expected: Observation) -> bool:
    one, other = got.values.get("the output"), expected.values["the output"]
    return isinstance(one, Tensor) and one.shape == other.shape and torch.allclose(one, other)


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
