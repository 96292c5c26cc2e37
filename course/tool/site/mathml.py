"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

import html
from typing import Any

SPELLINGS = {
    "{aligned}": "{split}",
    "{equation}": "{split}",
    r"\arg": r"\operatorname{arg}",
}  # for latex2mathml


def convert(tex: str, *, block: bool = False) -> str:
    """A formula as MathML; where the converter cannot, the TeX itself."""
    from latex2mathml.converter import convert as mathml

    known = tex
    for given, spelling in SPELLINGS.items():
        known = known.replace(given, spelling)
    try:
        made = mathml(known, display="block" if block else "inline")
    except Exception:  # it has a dozen of its own, and a page must not fail on a formula
        made = "\\"
    return (
        f"<code>{html.escape(tex)}</code>" if "\\" in made else made
    )  # it prints what it does not know


def setup(app: Any) -> dict[str, bool]:
    """Let Sphinx write formulas in this way, where ``html_math_renderer`` is ``"mathml"``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: Any) -> None:
    _write(writer, convert(node.astext()))


def _block(writer: Any, node: Any) -> None:
    _write(writer, convert(node.astext(), block=True))


def _write(writer: Any, made: str) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(made)
    raise SkipNode
