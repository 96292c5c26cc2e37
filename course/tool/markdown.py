"""Helpers for Markdown text: code blocks, headings, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CODE_BLOCK = re.compile(r"(?ms)^ *(`{3,}(?=[^`\n]*$)|~{3,}).*?^ *\1[`~]* *$")
HEADING = re.compile(r"(?m)^(#{1,6}) +(.+?) *$")


def blank_code_blocks(text: str) -> str:
    """Return the text with spaces in place of its fenced code blocks; all positions stay."""
    return CODE_BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)


def headings(text: str) -> list[tuple[int, str]]:
    """Return the level and the title of every heading outside code blocks."""
    return [(len(marks), title) for marks, title in HEADING.findall(blank_code_blocks(text))]


def table_row(cells: Iterable[object]) -> str:
    """Return one row of a Markdown table; vertical bars in the cells are escaped."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table.

    Example:
        >>> print(table(["", "PSNR"], [["gray", "22.1"]]))
        |  | PSNR |
        | --- | --- |
        | gray | 22.1 |
    """
    return "\n".join(table_row(line) for line in [header, ["---"] * len(header), *rows])
