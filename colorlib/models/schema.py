"""A network's arguments as a dict that a weights file carries, checked before anything is built from it.

A weights file may come from anywhere. What it says about its network is believed only after each field
has been found to be one that the network has, of its type, in its range, and the whole network small
enough for an ordinary computer.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

MAX_PARAMETERS = 300_000_000  # 1.2 GB in float32; paper 000's generator has 54 million

#: Words in the configurations of the four weights files that ship, and the words that replaced them.
OLD_NAMES = {"LiteUNet": "EfficientNetUNet"}

Constraint = range | tuple[float, float] | tuple[str, ...] | type[bool]


def validate_config(
    name: str, config: Mapping[str, object], rules: Mapping[str, Constraint]
) -> None:
    """Raise unless ``config`` has exactly the fields of ``rules``, each with a value that its rule allows.

    Args:
        name: Whose arguments these are, for the message.
        config: Field to value.
        rules: Field to rule: a ``range`` of whole numbers, a pair of floats (from the first up to, without,
            the second), a tuple of words, or ``bool``.

    Raises:
        TypeError: If ``config`` is no dict or a value has another type.
        ValueError: If a field is unknown or missing, or a value is outside what its rule allows.

    Example:
        >>> validate_config("UNet", {"width": "64"}, {"width": range(1, 513)})
        Traceback (most recent call last):
        TypeError: UNet got width='64'; expected a whole number from 1 to 512
        >>> validate_config("UNet", {"width": 64, "depth": 8}, {"width": range(1, 513)})
        Traceback (most recent call last):
        ValueError: UNet got an unknown field 'depth'; expected width: remove it, or update colorlib
    """
    _check_dict(config)
    fields = ", ".join(rules)
    for field in config:
        if field not in rules:
            raise ValueError(
                f"{name} got an unknown field {field!r}; expected {fields}: remove it, or update colorlib"
            )
    for field, rule in rules.items():
        if field not in config:
            raise ValueError(f"{name} got no field {field!r}; expected {fields}: add it")
        kinds, allowed, words = _reading(rule)
        value = config[field]
        if not isinstance(value, kinds) or (isinstance(value, bool) and rule is not bool):
            raise TypeError(f"{name} got {field}={value!r}; expected {words}")
        if not allowed(value):
            raise ValueError(f"{name} got {field}={value!r}; expected {words}")


def from_config(
    kind: type[nn.Module],
    config: Mapping[str, object],
    rules: Mapping[str, Constraint],
    **more: object,
) -> nn.Module:
    """Make the network ``kind(**config, **more)`` after checking its arguments and its size.

    The size is counted on torch's meta device, where a network has shapes and no memory. What stands in
    ``more`` comes from us, not from a file, and is not checked.

    Raises:
        TypeError, ValueError: As :func:`check`, and for more than ``MAX_PARAMETERS`` parameters.

    Example:
        >>> from_config(nn.Linear, {"in_features": 2, "out_features": 1}, dict.fromkeys(["in_features",
        ...     "out_features"], range(1, 9)))
        Linear(in_features=2, out_features=1, bias=True)
    """
    validate_config(kind.__name__, config, rules)
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in kind(**config).parameters())
    if count > MAX_PARAMETERS:
        found = f"{kind.__name__} would have {count:,} parameters"
        raise ValueError(f"{found}; expected at most {MAX_PARAMETERS:,}: choose a smaller width")
    return kind(**config, **more)


def from_config_by_name(
    kinds: Sequence[type[nn.Module]],
    key: str,
    config: Mapping[str, object],
    more: Callable[[type[nn.Module]], Mapping[str, object]] = lambda kind: {},
) -> nn.Module:
    """Make the network that ``config`` names under ``key``, by :func:`build` and the class's own ``rules``.

    ``more`` gives a class further arguments, which are not looked for in ``config``.

    Example:
        >>> from_config_by_name([nn.Linear], "layer", {"layer": "Conv2d", "bias": True})
        Traceback (most recent call last):
        ValueError: build got layer='Conv2d'; expected 'Linear'
    """
    named = {kind.__name__: kind for kind in kinds}
    if isinstance(config, Mapping):
        config = {**config, key: OLD_NAMES.get(config.get(key), config.get(key))}
    _check_dict(config)
    name = config.get(key)
    validate_config("build", {key: name}, {key: tuple(named)})
    kind = named[name]
    fields = {field: value for field, value in config.items() if field != key}
    return from_config(kind, fields, kind.rules, **more(kind))


def _check_dict(config: object) -> None:
    if not isinstance(config, Mapping):
        raise TypeError(
            f"config is {reprlib.repr(config)}; expected a dict such as a net's .config"
        )


def _reading(rule: Constraint):
    """Turn a rule into the types that it takes, a test of a value, and words for a message."""
    if rule is bool:
        return bool, lambda value: True, "true or false"
    if isinstance(rule, range):
        return (
            int,
            lambda value: value in rule,
            f"a whole number from {rule.start} to {rule.stop - 1}",
        )
    if isinstance(rule[0], str):
        return str, lambda value: value in rule, " or ".join(map(repr, rule))
    low, high = rule
    return (
        (int, float),
        lambda value: low <= value < high,
        f"a number from {low:g} up to, not with, {high:g}",
    )
