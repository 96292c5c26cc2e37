"""A judge for networks: build the learner's, give it the same weights as ours, and compare what comes out.

Weights are drawn by kind and shape of the layer that holds them, so two networks with the same layers get the
same weights, in whatever order and under whatever names their layers were made.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.judges import Case, Mistake, _difference, _kind, _raised, _wrong
from colorlib.check.verdict import Outcome, Verdict

_NO_NETWORK = "give back a list of layers or an nn.Module: built, not yet called on a picture."
_ORDER = "the layers are the same as ours: look at their order, and at what stands in forward."


@dataclass(frozen=True)
class Network:
    """A judge for a function that builds a network, or a list of layers.

    Args:
        reference: Builds the right one; the library's own.
        cases: What to build; ``args`` are the builder's arguments.
        picture: Takes a case's ``args``, gives the shape (n, c, h, w) of what goes in.
        mistakes: Builders of known wrong ones.
        tolerance: Largest absolute difference of the outputs that still passes.
    """

    reference: Callable
    cases: Sequence[Case]
    picture: Callable[..., tuple[int, ...]]
    mistakes: Sequence[Mistake] = ()
    tolerance: float = 1e-4

    def __call__(self, answer: Any) -> Verdict:
        """Build and try the learner's network in every case."""
        if not callable(answer) or isinstance(answer, nn.Module):
            cause = "the check takes the function's name, without brackets and arguments after it."
            return _wrong(got=_kind(answer), expected="the function itself", cause=cause)
        for case in self.cases:
            mine, ours = self._observe(answer, case), self._observe(self.reference, case)
            if isinstance(mine.error, NotImplementedError):
                return Verdict(Outcome.NOT_ATTEMPTED)
            difference = self._compare(mine, ours)
            if not difference:
                continue
            cause = self._likely_cause(answer, case)
            if mine.error and not cause:
                return _raised(case, mine.error)
            got, expected, advice = difference
            return _wrong(("for", case.name), got=got, expected=expected, cause=cause or advice)
        return Verdict(Outcome.PASSED)

    def _observe(self, build: Callable, case: Case) -> _Observed:
        """Build, put fixed weights in and run; an error is part of what is seen."""
        try:
            net = build(*case.args)
            layers = net if isinstance(net, (list, tuple)) else [net]
            if not layers or not all(isinstance(layer, nn.Module) for layer in layers):
                return _Observed(built=net)
            net = equip(nn.Sequential(*layers))
            picture = torch.randn(
                self.picture(*case.args), generator=torch.Generator().manual_seed(0)
            )
            with torch.no_grad():
                return _Observed(net, net(picture))
        except Exception as error:
            return _Observed(error=error)

    def _compare(self, mine: _Observed, ours: _Observed) -> tuple[str, str, str] | None:
        """Say what came, what was expected and what to do about it; None if the two agree."""
        if mine.error or ours.error:
            same = repr(mine.error) == repr(ours.error)
            return None if same else (_said(mine), _said(ours), "")
        if not isinstance(mine.output, Tensor) or not isinstance(ours.output, Tensor):
            kinds = (
                _kind(seen.built if seen.output is None else seen.output) for seen in (mine, ours)
            )
            return None if mine.output is ours.output else (*kinds, _NO_NETWORK)
        if mine.output.shape != ours.output.shape:
            return _said(mine), _said(ours), _layers(mine.built, ours.built)
        if mine.count != ours.count:
            counts = (f"{seen.count:,} parameters" for seen in (mine, ours))
            return *counts, _layers(mine.built, ours.built)
        values = _difference(mine.output, ours.output, self.tolerance)
        return values and (values.got, values.expected, _layers(mine.built, ours.built))

    def _likely_cause(self, answer: Callable, failed: Case) -> str:
        """Find the known mistake that behaves as the learner's network does, in every case or in this one."""
        for cases in (self.cases, (failed,)):
            for mistake in self.mistakes:
                pairs = [
                    (self._observe(answer, c), self._observe(mistake.answer, c)) for c in cases
                ]
                if not any(self._compare(*pair) for pair in pairs):
                    return mistake.says
        return ""


@dataclass(frozen=True)
class _Observed:
    """What a builder made, and what the network gave; or the error on the way."""

    built: Any = None
    output: Any = None
    error: Exception | None = None

    @property
    def count(self) -> int:
        return sum(p.numel() for p in self.built.parameters())


def equip(net: nn.Module) -> nn.Module:
    """Give a network fixed weights that depend on kind and shape of each layer alone, and evaluation mode.

    Example:
        >>> one, other = equip(nn.Sequential(nn.Conv2d(1, 2, 3))), equip(nn.Conv2d(1, 2, 3))
        >>> torch.equal(one[0].weight, other.weight)
        True
    """
    for module in net.modules():
        named = {
            **dict(module.named_parameters(recurse=False)),
            **dict(module.named_buffers(recurse=False)),
        }
        for name, value in named.items():
            if not value.is_floating_point():
                continue
            key = f"{type(module).__name__} {name} {tuple(value.shape)}"
            generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
            if value.ndim > 1:  # of this size the values that pass through keep theirs
                drawn = (
                    torch.randn(value.shape, generator=generator) * (2 / value[0].numel()) ** 0.5
                )
            else:
                low = 0.5 if name in ("weight", "running_var") else -0.5
                drawn = low + torch.rand(value.shape, generator=generator)
            value.data.copy_(drawn)
    return net.eval()


def _said(seen: _Observed) -> str:
    return f"{type(seen.error).__name__}: {seen.error}" if seen.error else _kind(seen.output)


def _layers(mine: nn.Module, ours: nn.Module) -> str:
    """Name layers that one of the two networks has and the other has not."""
    silent = nn.Identity, nn.Sequential, nn.Dropout
    leaves = [
        Counter(
            str(m) for m in net.modules() if not list(m.children()) and not isinstance(m, silent)
        )
        for net in (mine, ours)
    ]
    extra, missing = leaves[0] - leaves[1], leaves[1] - leaves[0]
    if not extra and not missing:
        return _ORDER
    words = [f"yours has {layer}, ours has not" for layer in list(extra)[:2]]
    words += [f"ours has {layer}, yours has not" for layer in list(missing)[:2]]
    return "; ".join(words) + "."
