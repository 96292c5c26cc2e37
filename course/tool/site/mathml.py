"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

import html
from typing import Any

from docutils.nodes import SkipNode

SPELLINGS = {  # for latex2mathml
    "{aligned}": "{split}",
    "{equation}": "{split}",
    r"\arg": r"\operatorname{arg}",
}


def convert(tex: str, *, block: bool = False) -> str:
    """Return a formula as MathML, or the TeX itself where the converter fails."""
    from latex2mathml.converter import convert as to_mathml

    spelled = tex
    for old, new in SPELLINGS.items():
        spelled = spelled.replace(old, new)
    try:
        mathml = to_mathml(spelled, display="block" if block else "inline")
    except Exception:  # it has a dozen kinds, and a formula must not fail a page
        mathml = "\\"
    if "\\" in mathml:  # the converter copies commands that it does not know
        return f"<code>{html.escape(tex)}</code>"
    return mathml


def setup(app: Any) -> dict[str, bool]:
    """Add the renderer that ``html_math_renderer = "mathml"`` names."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _visit_inline(writer: Any, node: Any) -> None:
    writer.body.append(convert(node.astext()))
    raise SkipNode


def _visit_block(writer: Any, node: Any) -> None:
    formula = convert(node.astext(), block=True)
    writer.body.append(f'<div class="formula">{formula}</div>')  # it scrolls on a phone
    raise SkipNode
