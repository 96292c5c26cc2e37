"""Answers that are alike without names, comments and layout: a hint, never a verdict."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from course.tool.grade.names import python_source
from course.tool.grade.rows import GradeRow

MIN_NODES = 25  # short answers are alike by chance
COMMON = 4  # an answer that so many students share is common, and says nothing about two of them
MIN_WEIGHT = 1.0
# Words in an answer that reach around the check; a person should read such an answer.
REACHING = (
    "_getframe",
    "__globals__",
    "__closure__",
    "__torch_function__",
    "f_back",
    "f_locals",
    "get_objects",
    "get_referrers",
    "ctypes",
    "sys.modules",
    "builtins",
    "subprocess",
    "socket",
    "os.system",
    "os.kill",
    ".grader",
    ".reference",
    "settrace",
    "__eq__",
)


@dataclass(frozen=True)
class LikePair:
    """Two students whose answers are alike, and in which exercises."""

    first: str
    second: str
    exercises: tuple[str, ...]
    weight: float


def normalise(source: str) -> tuple[str, int]:
    """Return code with its names replaced by their order, without texts; and its number of nodes.

    Example:
        >>> normalise("def f(a): return a + 1")[0] == normalise("def g(x):\\n    return x+1")[0]
        True
    """
    try:
        tree = ast.parse(python_source(source))
    except (SyntaxError, ValueError, RecursionError):
        text = "".join(source.split())
        return text, len(text) // 8
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        for field in ("id", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                setattr(node, field, names.setdefault(value, f"n{len(names)}"))
    return ast.unparse(tree), sum(1 for _ in ast.walk(tree))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def find_like_pairs(rows: Sequence[GradeRow], ours: dict[str, str]) -> list[LikePair]:
    """Return pairs of students with answers that are alike and rare, the most alike first.

    A shared mistake weighs more than a shared right answer, and our own answer weighs nothing.
    """
    groups: dict[tuple[str, str], list[GradeRow]] = defaultdict(list)
    known = {exercise: normalise(source)[0] for exercise, source in ours.items()}
    for row in rows:
        text, nodes = normalise(row.answer)
        tried = row.answer and nodes >= MIN_NODES and row.outcome != "not attempted"
        if tried and text != known.get(row.exercise):
            groups[row.exercise, text].append(row)
    pairs: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for (exercise, _), group in groups.items():
        if not 2 <= len(group) <= COMMON:
            continue
        weight = (1.0 if group[0].outcome == "passed" else 2.0) / (len(group) - 1)
        for i, one in enumerate(group):
            for other in group[i + 1 :]:
                pairs[one.student, other.student].append((exercise, weight))
    found = [
        LikePair(first, second, tuple(e for e, _ in shared), sum(w for _, w in shared))
        for (first, second), shared in pairs.items()
        if first != second
    ]
    found = [pair for pair in found if pair.weight >= MIN_WEIGHT]
    return sorted(found, key=lambda pair: (-pair.weight, pair.first, pair.second))


def equals_ours(answer: str, ours: str) -> bool:
    """Return whether an answer is our own, with other names or layout."""
    text, nodes = normalise(answer)
    return nodes >= MIN_NODES and text == normalise(ours)[0]


def reaching_words(answer: str) -> tuple[str, ...]:
    """Return the words in an answer that an honest answer does not need."""
    return tuple(word for word in REACHING if word in answer)
