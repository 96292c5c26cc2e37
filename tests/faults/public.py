"""What colorlib offers: every public function, class and method, found by looking."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import colorlib


@dataclass(frozen=True)
class Public:
    """A function, a class or a method that a person may call.

    Attributes:
        name: below ``colorlib``, such as ``color.Scale.split``.
        call: what is called; a method without the object that it belongs to.
        owner: the class of a method, or the class that ``call`` makes.
    """

    name: str
    call: Callable
    owner: type | None = None

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What it takes, without the object that a method belongs to."""
        found = inspect.signature(self.call).parameters
        return {name: value for name, value in found.items() if name not in ("self", "cls")}


def everything() -> Iterator[Public]:
    """Find everything without an underscore, in the module where it is written."""
    for found in pkgutil.walk_packages(colorlib.__path__, "colorlib."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        short = found.name.removeprefix("colorlib.")
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != found.name:
                continue
            if inspect.isclass(value):
                yield Public(f"{short}.{name}", value, value)
                yield from _methods(f"{short}.{name}", value, found.name)
            elif inspect.isfunction(value):
                yield Public(f"{short}.{name}", value)


def _methods(name: str, kind: type, module: str) -> Iterator[Public]:
    for key, member in vars(kind).items():
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        ours = inspect.isfunction(plain) and plain.__module__ == module
        if ours and (not key.startswith("_") or key == "__call__"):
            yield Public(f"{name}.{key}", getattr(kind, key), kind)
