"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

import html

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
    return f"<code>{html.escape(tex)}</code>" if "\\" in made else made  # it prints what it does not know
