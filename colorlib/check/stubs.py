"""Stubs: whether an answer is still one, and what is left of it in code that was written."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import textwrap
import traceback
from collections.abc import Sequence
from types import CodeType
from typing import Any

from colorlib.check.comparison import describe_exception, learner_line
from colorlib.check.result import Outcome, Result

_LEFT_OVER = "the line `raise NotImplementedError` is still in `{}`: delete it; end with a return."
_OPEN = (
    "`{}`, which your code calls, is still open: write it too. If it is another exercise, its "
    "check lends you ours."
)
_OPEN_PART = "`{}` is written, but `{}` is still open: write it too."
_NO_FORWARD = "`{}` has no method `forward`, so it cannot be called: write one."
_MISSPELLED = "`{}` has no method `forward`, but one called `{}`: correct its name."
_HOLDER = "`{}` only holds layers and cannot be called: use nn.Sequential, or return the list."


def is_unfinished(error: Exception | None) -> bool:
    """Whether an error comes from a line that raises it, not from torch's compiled code."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    line = frames[-1].line if frames else ""
    return not line or "raise" in line


def explain_unfinished(
    answer: Any, error: NotImplementedError, given: Sequence[str], parts: Sequence[str]
) -> Result:
    """Distinguish an untouched stub from code that is not finished.

    Args:
        answer: The learner's function or class.
        error: What it raised.
        given: Statements that the stub itself has, above the line to replace.
        parts: Other stubs of the same cell, for example ``"Level.forward"``.
    """
    if cause := _explain_missing_forward(error):
        return _unfinished(error, cause)
    code = _code_that_raised(error)
    if code is None:
        return _unfinished(error)
    if code not in _own_codes(answer):
        name = code.co_qualname
        return _unfinished(error, _OPEN.format(name) if is_stub(code, given) else "")
    if not is_stub(code, given):
        return _unfinished(error, _LEFT_OVER.format(code.co_name))
    for part in parts:
        if not is_stub(_find_part(answer, part), given):
            return _unfinished(error, _OPEN_PART.format(part, code.co_name))
    return Result(Outcome.NOT_ATTEMPTED)


def is_stub(code: CodeType | None, given: Sequence[str] = ()) -> bool:
    """Whether a function consists of its docstring, given statements and the line that raises.

    Example:
        >>> def stub(x):
        ...     '''Not written yet.'''
        ...     raise NotImplementedError("your code here")
        >>> is_stub(stub.__code__), is_stub(describe_exception.__code__)
        (True, False)
    """
    if code is None:
        return True
    try:
        function = ast.parse(textwrap.dedent(inspect.getsource(code))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):  # no source: count the lines that run
        lines = {line for _, _, line in code.co_lines() if line and line > code.co_firstlineno}
        return len(lines) <= 1 + len(given)
    known = {ast.dump(ast.parse(statement).body[0]) for statement in given}
    body = function.body if isinstance(function, ast.FunctionDef) else []
    left = [node for node in body if not _is_docstring(node) and ast.dump(node) not in known]
    return len(left) == 1 and isinstance(left[0], ast.Raise)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _unfinished(error: NotImplementedError, cause: str = "") -> Result:
    reasons = [
        ("error", describe_exception(error)),
        ("in the line", learner_line(error)),
        ("likely cause", cause),
    ]
    return Result(Outcome.RAISED, tuple((label, text) for label, text in reasons if text))


def _explain_missing_forward(error: NotImplementedError) -> str:
    """Name the class without forward, from torch's message and the object that it was raised in."""
    match = re.match(r'Module \[(\w+)\] is missing the required "forward"', str(error))
    if not match:
        return ""
    name, frame = match[1], error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    module = frame.tb_frame.f_locals.get("self")
    if type(module).__module__.startswith("torch."):
        return _HOLDER.format(f"nn.{name}")
    similar = difflib.get_close_matches("forward", vars(type(module)), 1)
    return _MISSPELLED.format(name, similar[0]) if similar else _NO_FORWARD.format(name)


def _code_that_raised(error: NotImplementedError) -> CodeType | None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    code = frames[-1].f_code if frames else None
    return None if code is None or "site-packages" in code.co_filename else code


def _own_codes(answer: Any) -> list[CodeType]:
    """Return the code of a function, or of the methods of a class or an object."""
    answer = getattr(answer, "func", getattr(answer, "__func__", answer))
    if hasattr(answer, "__code__"):
        return [answer.__code__]
    owner = answer if isinstance(answer, type) else type(answer)
    return [value.__code__ for value in vars(owner).values() if hasattr(value, "__code__")]


def _find_part(answer: Any, part: str) -> CodeType | None:
    """Return the code of, for example, ``Level.forward`` next to the answer, or None."""
    found = getattr(answer, "__globals__", {}).get(part.split(".")[0])
    for name in part.split(".")[1:]:
        found = getattr(found, name, None)
    return getattr(found, "__code__", None)
