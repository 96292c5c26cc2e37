"""Validation of network configurations, which a weights file carries.

A weights file may come from anywhere. A network is built from its configuration only if each field
is known, of the right type and in its range, and the whole network small enough for an ordinary
computer.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence

import torch
from torch import nn

MAX_PARAMETERS = 300_000_000  # 1.2 GB in float32; pix2pix's U-Net has 54 million

Constraint = range | tuple[float, float] | tuple[str, ...] | type[bool]


def validate_config(
    name: str, config: Mapping[str, object], config_schema: Mapping[str, Constraint]
) -> None:
    """Raise unless ``config`` has exactly the fields of a schema, each with a value that it allows.

    Args:
        name: Of the class whose arguments these are, for the message.
        config: Field to value.
        config_schema: Field to constraint: a ``range`` of whole numbers, a pair of floats (from the
            first up to but not including the second), a tuple of words, or ``bool``.

    Raises:
        TypeError: If ``config`` is not a dict or a value has another type.
        ValueError: If a field is unknown or missing, or a value is out of range.

    Example:
        >>> validate_config("UNet", {"num_downs": "8"}, {"num_downs": range(2, 11)})
        Traceback (most recent call last):
        TypeError: UNet got num_downs='8'; expected a whole number from 2 to 10
        >>> validate_config("UNet", {"depth": 8}, {"size": range(2, 11)})
        Traceback (most recent call last):
        ValueError: UNet got an unknown field 'depth'; expected size: remove it, or update colorlib
    """
    _check_mapping(config)
    fields = ", ".join(config_schema)
    for field in config:
        if field not in config_schema:
            found = f"{name} got an unknown field {field!r}"
            raise ValueError(f"{found}; expected {fields}: remove it, or update colorlib")
    for field, constraint in config_schema.items():
        if field not in config:
            raise ValueError(f"{name} got no field {field!r}; expected {fields}: add it")
        right_type, allowed, expected = _check_value(config[field], constraint)
        if not (right_type and allowed):
            error = ValueError if right_type else TypeError
            raise error(f"{name} got {field}={config[field]!r}; expected {expected}")


def from_config(
    network_class: type[nn.Module],
    config: Mapping[str, object],
    config_schema: Mapping[str, Constraint],
    **trusted: object,
) -> nn.Module:
    """Return ``network_class(**config, **trusted)`` after checking fields and size.

    The parameters are counted on torch's meta device, where a network has shapes and takes no
    memory. ``trusted`` holds arguments of the caller, not of a file; they are not checked.

    Raises:
        TypeError, ValueError: As :func:`validate_config`, and for more than ``MAX_PARAMETERS``
            parameters.

    Example:
        >>> sizes = {"in_features": range(1, 9), "out_features": range(1, 9)}
        >>> from_config(nn.Linear, {"in_features": 2, "out_features": 1}, sizes)
        Linear(in_features=2, out_features=1, bias=True)
    """
    name = network_class.__name__
    validate_config(name, config, config_schema)
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in network_class(**config).parameters())
    if count > MAX_PARAMETERS:
        advice = "choose fewer channels"
        found = f"{name} would have {count:,} parameters"
        raise ValueError(f"{found}; expected at most {MAX_PARAMETERS:,}: {advice}")
    return network_class(**config, **trusted)


def from_config_by_name(
    classes: Sequence[type[nn.Module]], key: str, config: Mapping[str, object], **trusted: object
) -> nn.Module:
    """Return the network whose class ``config`` names under ``key``, by :func:`from_config`.

    Only a class with ``pretrained_modules`` gets the arguments in ``trusted``.

    Example:
        >>> from_config_by_name([nn.Linear], "layer", {"layer": "Conv2d", "bias": True})
        Traceback (most recent call last):
        ValueError: config got layer='Conv2d'; expected 'Linear'
    """
    _check_mapping(config)
    by_name = {network_class.__name__: network_class for network_class in classes}
    validate_config("config", {key: config.get(key)}, {key: tuple(by_name)})
    network_class = by_name[config[key]]
    fields = {field: value for field, value in config.items() if field != key}
    if not getattr(network_class, "pretrained_modules", ()):
        trusted = {}
    return from_config(network_class, fields, network_class.config_schema, **trusted)


def _check_mapping(config: object) -> None:
    if not isinstance(config, Mapping):
        found = f"config is {reprlib.repr(config)}"
        raise TypeError(f"{found}; expected a dict such as a net's .config")


def _check_value(value: object, constraint: Constraint) -> tuple[bool, bool, str]:
    """Return whether a value has the right type, whether it is allowed, and what is expected."""
    if constraint is bool:
        return isinstance(value, bool), True, "true or false"
    number = not isinstance(value, bool)  # Python counts True as 1
    if isinstance(constraint, range):
        expected = f"a whole number from {constraint.start} to {constraint.stop - 1}"
        return number and isinstance(value, int), value in constraint, expected
    if isinstance(constraint[0], str):
        expected = " or ".join(repr(word) for word in constraint)
        return isinstance(value, str), value in constraint, expected
    low, high = constraint
    number = number and isinstance(value, int | float)
    expected = f"a number from {low:g} up to but not including {high:g}"
    return number, number and low <= value < high, expected
