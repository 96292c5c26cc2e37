"""Notice when a student's code changes the checks, the library or the tools that they rest on.

A student's function runs in the same process as the check that calls it. So the checker takes stock
of all modules that decide on an outcome before any code of a student runs, and compares afterwards.
"""

from __future__ import annotations

import builtins
import dataclasses
import sys
from types import FunctionType, ModuleType
from typing import Any

# New names in these packages are no harm: they load parts of themselves when first asked for.
GROWING = ("torch", "numpy")
STRICT = "colorlib"
FOREIGN = (
    "torch",
    "torch._tensor",
    "torch.nn",
    "torch.nn.functional",
    "torch.testing",
    "numpy",
    "math",
)


class Seal:
    """The state of the modules that decide on an outcome, as it was when the seal was made.

    Args:
        objects: Further objects to watch, for example the exercises.

    Example:
        >>> import math
        >>> seal = Seal([])
        >>> seal.broken() is None
        True
        >>> before, math.tau = math.tau, 6
        >>> seal.broken()
        'math.tau'
        >>> math.tau = before
    """

    def __init__(self, objects: list[Any]) -> None:
        self._dicts: dict[str, tuple[dict | Any, dict[str, Any]]] = {}
        self._functions: dict[str, tuple[FunctionType, tuple]] = {}
        self._lists: list[tuple] = []  # lists and tuples of cases and mistakes
        self._tensors: list[tuple[str, Any, int]] = []  # the inputs of cases
        names = [name for name in sys.modules if name.split(".")[0] == STRICT]
        for name in [*sorted(names), *FOREIGN]:
            if isinstance(module := sys.modules.get(name), ModuleType):
                self._watch_module(name, module)
        self._watch("builtins", builtins)
        for number, thing in enumerate(objects):
            self._watch_fields(f"exercise {number + 1}", thing)
        self._lists = [(name, things, tuple(things)) for name, things in self._lists]
        self._modules = {name: sys.modules[name] for name in names}
        self._tracers = _tracers()

    def broken(self) -> str | None:
        """Return the name of something that has changed; None if nothing has."""
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                return f"sys.modules[{name!r}]"
        for name, (thing, before) in self._dicts.items():
            now = _contents(thing)
            for key, value in before.items():
                if now.get(key, self) is not value:
                    return f"{name}.{key}"
            growing = isinstance(thing, ModuleType) and name.startswith(GROWING)
            if not growing and len(now) > len(before):
                for key in now.keys() - before.keys():
                    if not isinstance(now[key], ModuleType):
                        return f"{name}.{key}"
        for name, things, before in self._lists:
            if not _same(tuple(things), before):
                return name
        for name, tensor, version in self._tensors:
            if tensor._version != version:
                return name
        for name, (function, before) in self._functions.items():
            if not _same(_parts(function), before):
                return name
        if not _same(_tracers(), self._tracers):
            return "sys.settrace"
        return None

    def _watch_module(self, name: str, module: ModuleType) -> None:
        self._watch(name, module)
        for key, value in list(vars(module).items()):
            if getattr(value, "__module__", None) != name:
                continue
            if isinstance(value, type):
                self._watch(f"{name}.{key}", value)
                for attribute, member in list(vars(value).items()):
                    self._watch_function(f"{name}.{key}.{attribute}", member)
            else:
                self._watch_function(f"{name}.{key}", value)

    def _watch(self, name: str, thing: Any) -> None:
        self._dicts[name] = (thing, _contents(thing))

    def _watch_function(self, name: str, value: Any) -> None:
        function = getattr(value, "__func__", value)
        if isinstance(function, FunctionType) and name.split(".")[0] == STRICT:
            self._functions[name] = (function, _parts(function))

    def _watch_fields(self, name: str, thing: Any) -> None:
        """Watch the fields of a dataclass, and of the dataclasses and lists in them."""
        if isinstance(thing, list | tuple):
            self._lists.append((name, thing))
            for number, item in enumerate(thing):
                self._watch_fields(f"{name}[{number}]", item)
        elif hasattr(thing, "_version"):
            self._tensors.append((name, thing, thing._version))
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            self._watch(name, thing)
            for key, value in list(vars(thing).items()):
                self._watch_function(f"{STRICT}.{name}.{key}", value)
                self._watch_fields(f"{name}.{key}", value)


def _tracers() -> tuple:
    """Return the functions that follow every line or call; a measurement of coverage is one."""
    return (sys.gettrace(), sys.getprofile())


def _contents(thing: Any) -> dict[str, Any]:
    ignored = (
        "__warningregistry__",
        "__annotations__",
        "__doc__",
        "__abstractmethods__",
        "_abc_impl",
    )
    return {key: value for key, value in dict(vars(thing)).items() if key not in ignored}


def _parts(function: FunctionType) -> tuple:
    """Return what a function consists of, down to the values in its closure."""
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # not filled yet
            cells.append(None)
    keywords = function.__kwdefaults__
    return (function.__code__, function.__defaults__, keywords, *cells)


def _same(now: tuple, before: tuple) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))
