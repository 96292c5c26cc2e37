"""Stand-ins: the library's functions under the names of answers that have not passed.

A check binds its result to the learner's name, so that the cells below it run. What it binds for an
answer that did not pass is a :class:`StandIn`. Every check knows a stand-in by its type, in lists,
partials and copies too, and by the call that reaches it while its own exercise is graded. So the
library's function can never pass as the learner's answer.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LIBRARY = Path(__file__).parents[1]
_graded: list[Callable] = []  # the references of the exercises that are graded now

STOOD_IN = (
    "this is the library's own function, which stood in for yours: run the cell with your code "
    "again, then this check."
)
IMPORTED = (
    "this is the library's own function: write yours in the cell above, run that cell, then this "
    "check."
)


class StandInCalled(BaseException):
    """The answer that is graded calls its own stand-in; a learner's ``except`` lets it pass."""


class StandIn:
    """The library's function in place of a learner's answer; it works, and is known as such.

    Args:
        number: The exercise, for example ``"1.2"``.
        reference: The library's implementation.

    Example:
        >>> stand_in = StandIn("9.1", abs)
        >>> stand_in(-2), stand_in
        (2, <the library's own function, which stands in for your answer to exercise 9.1>)
    """

    def __init__(self, number: str, reference: Callable) -> None:
        functools.update_wrapper(self, reference)  # help() and ?? show the library's code
        self.number, self.reference = number, reference

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(graded is self.reference for graded in _graded):
            raise StandInCalled
        return self.reference(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind like a function, if it is an attribute of a class."""
        return self if instance is None else types.MethodType(self, instance)

    def __copy__(self) -> StandIn:
        return self

    def __deepcopy__(self, memo: dict) -> StandIn:
        return self

    def __repr__(self) -> str:
        return (
            "<the library's own function, which stands in for your answer to exercise "
            f"{self.number}>"
        )


@contextmanager
def refuse_stand_ins_of(reference: Callable) -> Iterator[None]:
    """Raise StandInCalled inside the block if a stand-in with this reference is called."""
    _graded.append(reference)
    try:
        yield
    finally:
        _graded.pop()


def library_function_in(answer: Any, reference: Callable) -> str:
    """Return the sentence that names the library's function in an answer, or "" if it has none.

    Example:
        >>> library_function_in([StandIn("9.1", abs)], abs) == STOOD_IN
        True
        >>> library_function_in(functools.partial(abs), abs) == IMPORTED
        True
        >>> library_function_in(lambda x: abs(x), abs)
        ''
    """
    if isinstance(answer, (list, tuple, set)):
        found = [library_function_in(item, reference) for item in answer]
        return next(filter(None, found), "")
    if isinstance(answer, dict):
        return library_function_in(list(answer.values()), reference)
    inner = _unwrap(answer)
    if isinstance(inner, StandIn):
        return STOOD_IN
    return IMPORTED if _is_of_library(inner) or inner is _unwrap(reference) else ""


def _is_of_library(answer: Any) -> bool:
    if isinstance(answer, type):
        return answer.__module__.split(".")[0] == "colorlib"
    code = getattr(answer, "__code__", None)
    return code is not None and Path(code.co_filename).is_relative_to(_LIBRARY)


def _unwrap(answer: Any) -> Any:
    """Follow partials, bound methods and wrappers to the function that runs in the end."""
    for _ in range(100):  # a wrapper may wrap itself
        if isinstance(answer, StandIn):
            return answer
        if isinstance(getattr(answer, "__self__", None), StandIn):
            return answer.__self__
        if isinstance(answer, (functools.partial, functools.partialmethod)):
            answer = answer.func
        elif isinstance(answer, (types.MethodType, staticmethod, classmethod)):
            answer = answer.__func__
        elif callable(getattr(answer, "__wrapped__", None)):
            answer = answer.__wrapped__
        elif isinstance(call := _call_of_class(answer), (StandIn, types.FunctionType)):
            answer = call
        else:
            return answer
    return answer


def _call_of_class(answer: Any) -> Any:
    """Return what the class of an object has as its __call__, which may be a stand-in."""
    found = [vars(base)["__call__"] for base in type(answer).__mro__ if "__call__" in vars(base)]
    return found[0] if found else None
