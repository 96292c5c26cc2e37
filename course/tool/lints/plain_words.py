"""A lint of words: archaic, metaphorical or translated-sounding ones, each with the plain word.

The table is ``plain_words.toml``. ``python -m course words`` counts the findings in each file,
``python -m course words FILE`` prints them; ``python -m course check`` fails on each.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.tool import notebooks
from course.tool.course_config import ROOT
from course.tool.files import find_files
from course.tool.lints.notebook_parsing import Finding, prose

TABLE = Path(__file__).with_name("plain_words.toml")
WORDS = tomllib.loads(TABLE.read_text("utf-8"))


@dataclass(frozen=True)
class Rule:
    """A pattern to avoid, and what to write instead.

    The kind is ``everywhere``; ``docstrings``, for those only; or ``students``, for what students
    read, where the rule is always enforced.
    """

    pattern: re.Pattern
    instead: str
    kind: str


def load_rules(*kinds: str) -> list[Rule]:
    """Return the rules of these kinds; a space in a pattern also matches a line break."""
    rules = []
    for kind in kinds:
        for row in WORDS[kind]:
            pattern = re.compile(row["pattern"].replace(" ", r"\s+"), re.IGNORECASE)
            rules.append(Rule(pattern, row["instead"], kind))
    return rules


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="print the findings in them")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print how many findings each file has, or the findings themselves for the named files."""
    rules = load_rules("everywhere", "docstrings")
    found = list(findings(root, args.files or WORDS["files"], rules))
    if args.files:
        print("\n".join(map(str, found)))
    else:
        for path, count in Counter(finding.path for finding in found).most_common():
            print(f"{count:5} {path}")
    print(f"{len(found):5} in all")
    return 0


def plain_words(root: Path) -> Iterator[Finding]:
    """No archaic word, and no "simply" or "just" in what students read."""
    yield from findings(root, WORDS["files"], load_rules("everywhere", "docstrings"))
    yield from findings(root, WORDS["read_by_students"], load_rules("students"))


def findings(root: Path, patterns: Iterable[str], rules: list[Rule]) -> Iterator[Finding]:
    """Yield what the rules find in the files that match one of the patterns."""
    for file in find_files(root, patterns):
        path = file.relative_to(root).as_posix()
        if path in WORDS["skipped"]:
            continue
        for place, kind, text in read_texts(file):
            for phrase in WORDS["allowed"].get(path, []):
                text = text.replace(phrase, "")
            for match, rule in find_words(text, kind, rules):
                phrase = " ".join(match[0].split())
                line = match.string.count("\n", 0, match.start())
                where = f"line {place + line}" if isinstance(place, int) else place
                yield Finding(path, where, f"{phrase!r}: write {rule.instead} instead.")


def find_words(text: str, kind: str, rules: list[Rule]) -> Iterator[tuple[re.Match, Rule]]:
    """Yield the matches of the rules in a text.

    Args:
        text: Markdown, or a docstring, comment or message.
        kind: ``docstring`` for a docstring, else ``text``.
        rules: The rules to apply.
    """
    text = prose(text)
    for rule in rules:
        if rule.kind != "docstrings" or kind == "docstring":
            for match in rule.pattern.finditer(text):
                yield match, rule


def read_texts(file: Path) -> Iterator[tuple[int | str, str, str]]:
    """Yield place, kind and text of everything in a file that a person reads.

    The place is the number of the first line, or in a notebook the name of the cell.
    """
    if file.suffix == ".ipynb":
        for number, cell in notebooks.numbered(notebooks.read(file), "markdown"):
            yield notebooks.place(number, cell), "text", cell.source
    elif file.suffix == ".py":
        yield from _read_python(file.read_text("utf-8"))
    else:
        yield 1, "text", file.read_text("utf-8")


def _read_python(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the comments, the docstrings and the strings of several words."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], "text", token.string
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node):
            docstrings.add(node.body[0].value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            text = re.sub(r"(?m)^ *(>>>|\.\.\.).*$", "", node.value)
            yield node.lineno, "docstring" if node in docstrings else "text", text
