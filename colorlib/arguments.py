"""What a public function takes is written in its annotations; anything else is refused in one sentence.

``photo_crops("three")`` says "n is 'three'; expected a whole number", and not, five calls further down, that
a str cannot be compared with an int. Nothing of it stands in the functions themselves: to import ``colorlib``
lays it around the public functions, classes and methods of every module that follows. What is left alone:
calls of networks, which torch compiles, and those of their arguments for which :mod:`colorlib.configs` has
narrower rules; the judges of exercises, who must be able to look at anything; and the command line.

The range of a number goes by its name, which means the same everywhere; what a shape must be, a function asks
of :mod:`colorlib.expect`.
"""

from __future__ import annotations

import builtins
import inspect
import math
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from functools import cache, wraps
from importlib.machinery import ModuleSpec, PathFinder
from itertools import chain
from numbers import Integral, Real
from pathlib import Path, PurePath
from typing import IO, Any, Literal, Union, get_args, get_origin, get_type_hints

Reading = tuple[Callable[[Any], bool], str]  # a test of a value, and words for what passes it

_ALONE = "arguments", "expect", "check", "cli"
_FROM_0 = "n seed start epoch step step_epoch patience distance minutes max_steps lam weight"
_FROM_1 = "size batch epochs oversize keep rounds tries workers most side dpi channels out"
_FROM_1 += " max_pixels save_every_steps"
LEAST = dict.fromkeys(_FROM_0.split(), 0) | dict.fromkeys(_FROM_1.split(), 1)
_KINDS = {"Mapping": "a dict", "ndarray": "an array", "bytes": "bytes", "Image": "a picture"}
_TENSORS = dict.fromkeys(("rgb", "lab"), "a tensor (n, 3, h, w): see colorlib.images.to_tensor")
_TENSORS["L"] = "a tensor (n, 1, h, w)"
_PLAIN: dict[object, Reading] = {
    **dict.fromkeys((Any, object), (lambda value: True, "")),
    bool: (lambda value: type(value).__name__ in ("bool", "bool_"), "True or False"),
    int: (
        lambda value: isinstance(value, Integral) and not isinstance(value, bool),
        "a whole number",
    ),
    float: (lambda value: isinstance(value, Real) and not isinstance(value, bool), "a number"),
    str: (lambda value: isinstance(value, str), "words"),
    Path: (lambda value: isinstance(value, PurePath), "a path"),
    types.NoneType: (lambda value: value is None, "None"),
    IO: (lambda value: hasattr(value, "read"), "an open file"),
}


class Finder:
    """Lets Python find the modules of colorlib as ever, and checks the calls of what is found in them."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a module below ``colorlib``, and no other."""
        spec = PathFinder.find_spec(name, path) if name.startswith("colorlib.") else None
        if spec is None or name.split(".")[1] in _ALONE:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            run(module)
            for key, value in list(vars(module).items()):
                if not key.startswith("_") and getattr(value, "__module__", None) == name:
                    setattr(
                        module,
                        key,
                        _with_methods(value) if inspect.isclass(value) else checked(value),
                    )

        spec.loader.exec_module = exec_module
        return spec


def checked(function: Any, leave: Iterable[str] = ()) -> Any:
    """Make a function refuse what its annotations do not name; what is no plain function stays as it is.

    Args:
        function: of anybody's.
        leave: names of arguments that are not looked at.

    Example:
        >>> def halve(size: int, fit: Literal["crop", "stretch"] = "crop"): ...
        >>> checked(halve)(0)
        Traceback (most recent call last):
        ValueError: size is 0; expected at least 1
        >>> checked(halve)(2, "squeeze")
        Traceback (most recent call last):
        ValueError: fit is 'squeeze'; expected 'crop' or 'stretch'
    """
    if not inspect.isfunction(function):
        return function
    plain = inspect.unwrap(function)
    names = plain.__code__.co_varnames[: plain.__code__.co_argcount]
    compiling = sys.modules["torch"].compiler.is_compiling if "torch" in sys.modules else bool

    @cache  # at the first call: by then every name that an annotation uses is there
    def readings() -> dict[str, Reading]:
        hints = get_type_hints(plain, localns=_Names(vars(builtins) | plain.__globals__))
        found = {}
        for name in hints.keys() - set(leave):
            test, words = _reading(hints[name])
            found[name] = test, words.replace("a Tensor", _TENSORS.get(name, "a tensor"))
        return found

    @wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        if compiling():  # what was wrong was said when torch was not looking
            return function(*args, **keywords)
        for name, value in chain(zip(names, args, strict=False), keywords.items()):
            test, words = readings().get(name, _PLAIN[Any])
            if not test(value):
                kind = ValueError if isinstance(value, str) and "'" in words else TypeError
                raise kind(f"{name} is {_told(value)}; expected {words}")
            if (
                words and isinstance(value, Real) and not value >= LEAST.get(name, -math.inf)
            ):  # NaN is not
                words = f"at least {LEAST[name]}" if name in LEAST else words
                raise ValueError(f"{name} is {value}; expected {words}")
        return function(*args, **keywords)

    return call


def _with_methods(kind: type) -> type:
    """Check the calls of a class and of its methods; of a network, only what its own rules do not check."""
    bases = {base.__name__ for base in kind.__mro__}
    if bases & {"BaseException", "tuple", "Enum"} or getattr(kind, "_is_protocol", False):
        return kind
    for name, member in list(vars(kind).items()):
        if name == "__init__":
            setattr(kind, name, checked(member, getattr(kind, "rules", ())))
        elif "Module" not in bases and isinstance(member, classmethod):
            setattr(kind, name, classmethod(checked(member.__func__)))
        elif "Module" not in bases and (not name.startswith("_") or name == "__call__"):
            setattr(kind, name, checked(member))
    return kind


class _ByName(type):
    """A class that a module imports for type checkers alone, so that it is known by its name."""

    def __getattr__(cls, name: str) -> _ByName:
        if name.startswith("_"):
            raise AttributeError(name)
        return _ByName(name, (), {})

    def __getitem__(cls, inner: Any) -> _ByName:
        return cls

    def __instancecheck__(cls, value: Any) -> bool:
        return cls.__name__ in {base.__name__ for base in type(value).__mro__}


class _Names(dict):
    def __missing__(self, name: str) -> _ByName:
        return _ByName(name, (), {})


def _reading(kind: Any) -> Reading:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in _PLAIN:
        return _PLAIN[origin]
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in inner, _or(map(repr, inner))
    if origin in (Union, types.UnionType):
        tests, words = zip(*map(_reading, inner), strict=True)
        words = [word for word in dict.fromkeys(words) if word != "words" or "a path" not in words]
        return lambda value: any(test(value) for test in tests), _or(words)
    if origin is Callable or origin.__name__ == "Module":
        return callable, "something to call"
    if getattr(origin, "_is_protocol", False):
        parts = [part for part in vars(origin) if not part.startswith("_")]
        return lambda value: all(
            hasattr(value, part) for part in parts
        ), f"an object with {_or(parts)}"
    if origin is tuple or (issubclass(origin, Iterable) and issubclass(list, origin)):
        return _several(origin, inner)
    return lambda value: isinstance(value, origin), _KINDS.get(
        origin.__name__, f"a {origin.__name__}"
    )


def _several(origin: type, inner: tuple[Any, ...]) -> Reading:
    """Read a list, a tuple or anything to go through; a text is none, though Python takes it for one."""
    each = [_reading(part) for part in inner if part is not Ellipsis] or [_PLAIN[Any]]
    fixed = len(each) if origin is tuple and inner and Ellipsis not in inner else 0

    def test(value: Any) -> bool:
        listed = isinstance(value, origin) or (origin is Sequence and hasattr(value, "__array__"))
        if isinstance(value, str | bytes) or not listed:
            return False
        if not isinstance(value, list | tuple):
            return True
        tests = each if fixed else each * len(value)
        return len(tests) == len(value) and all(
            test(v) for (test, _), v in zip(tests, value, strict=True)
        )

    some = f"{fixed} of them" if fixed else "several"
    return test, f"{some}, each {each[0][1]}" if each[0][1] else "several"


def _told(value: Any) -> str:
    """Say what came: itself where that is short, else its kind."""
    plain = isinstance(value, str | Real | list | tuple | PurePath) or value is None
    text = repr(value) if plain else ""
    return text if 0 < len(text) <= 60 else f"a {type(value).__name__}"


def _or(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
