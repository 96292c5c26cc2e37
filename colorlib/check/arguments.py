"""Arguments of a call: fresh copies, what a call changed in them, and gradients that reach them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_VALUES = (
    "an argument with other values",
    "x[...] = ..., x += ... or a function that ends in _ writes into the caller's tensor: create "
    "a new tensor.",
)
_REQUIRES_GRAD = (
    "an argument with requires_grad switched on",
    "requires_grad_() changes the caller's tensor, so the cells below get tensors with a graph: "
    "work on a copy, x.detach().requires_grad_().",
)
_GRADIENTS = (
    "an argument with gradients in .grad",
    "backward() fills .grad of the caller's tensors: do not call it here.",
)
_NETWORK = ("a changed network", "leave the network that was passed in as it is.")
_CONTAINER = ("a list or dict with other items", "copy the list or dict before you change it.")


def copy_arguments(args: Sequence[Any]) -> list[Any]:
    """Return copies of tensors, arrays, networks and containers; functions stay the same.

    Example:
        >>> tensor = torch.zeros(2)
        >>> copy_arguments([tensor])[0] is tensor
        False
    """
    return [copy.deepcopy(arg) for arg in args]


def find_change(before: Any, after: Any) -> tuple[str, str] | None:
    """Compare an argument before and after a call: what changed, and advice; None if nothing did.

    Example:
        >>> find_change(torch.zeros(2), torch.zeros(2).requires_grad_())[0]
        'an argument with requires_grad switched on'
        >>> find_change([1, 2], [1, 2]) is None
        True
    """
    if isinstance(before, Tensor):
        return _change_of_tensor(before, after)
    if isinstance(before, nn.Module):
        return _change_of_network(before, after)
    if isinstance(before, np.ndarray):
        return None if np.array_equal(before, after, equal_nan=True) else _VALUES
    if isinstance(before, dict):
        if list(before) != list(after):
            return _CONTAINER
        return find_change(list(before.values()), list(after.values()))
    if isinstance(before, (list, tuple)):
        if len(before) != len(after):
            return _CONTAINER
        changes = (find_change(one, other) for one, other in zip(before, after, strict=True))
        return next((change for change in changes if change), None)
    return None


def _change_of_tensor(before: Tensor, after: Tensor) -> tuple[str, str] | None:
    if before.shape != after.shape or before.dtype != after.dtype:
        return _VALUES
    if not torch.allclose(before, after, rtol=0, atol=0, equal_nan=True):
        return _VALUES
    if before.requires_grad != after.requires_grad:
        return _REQUIRES_GRAD
    return _GRADIENTS if before.grad is None and after.grad is not None else None


def _change_of_network(before: nn.Module, after: nn.Module) -> tuple[str, str] | None:
    if repr(before) != repr(after):
        return _NETWORK
    modules = zip(before.modules(), after.modules(), strict=True)
    if any(one.training != other.training for one, other in modules):
        return _NETWORK
    for one, other in zip(before.parameters(), after.parameters(), strict=True):
        if change := _change_of_tensor(one, other):
            return _GRADIENTS if change is _GRADIENTS else _NETWORK
    buffers = zip(before.buffers(), after.buffers(), strict=True)
    return _NETWORK if any(_change_of_tensor(one, other) for one, other in buffers) else None


def require_gradients(args: Sequence[Any], indices: Sequence[int]) -> list[list[Tensor]]:
    """Switch gradients on for the tensors of these arguments, or of their parameters."""
    targets = []
    for index in indices:
        arg = args[index]
        tensors = list(arg.parameters()) if isinstance(arg, nn.Module) else [arg]
        targets.append([tensor.requires_grad_() for tensor in tensors])
    return targets


def gradients(output: Any, targets: Sequence[Sequence[Tensor]]) -> tuple[list[bool], list[Tensor]]:
    """Return which arguments gradients reach, and the gradients of a weighted sum of the outputs.

    Args:
        output: A tensor, or a tuple or list of them; the k-th is weighted by k + 1.
        targets: The tensors of each argument, from :func:`require_gradients`.
    """
    outputs = output if isinstance(output, (tuple, list)) else [output]
    terms = [
        (index + 1) * value.sum()
        for index, value in enumerate(outputs)
        if isinstance(value, Tensor) and value.requires_grad
    ]
    flat = [tensor for tensors in targets for tensor in tensors]
    found = [None] * len(flat)
    if terms:
        found = torch.autograd.grad(sum(terms), flat, allow_unused=True)
    reached, rest = [], list(found)
    for tensors in targets:
        own, rest = rest[: len(tensors)], rest[len(tensors) :]
        reached.append(any(gradient is not None for gradient in own))
    zeros = [torch.zeros_like(tensor) for tensor in flat]
    return reached, [zero if g is None else g for zero, g in zip(zeros, found, strict=True)]
