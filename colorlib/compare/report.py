"""The page of a comparison: question, protocol, table and pictures, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from torch import Tensor

from colorlib.compare.config import ComparisonConfig
from colorlib.compare.experiments import Experiment
from colorlib.compare.table import COLUMNS, format_value, row_values
from colorlib.viz import plot_progress


def render_report(
    experiment: Experiment,
    protocol: ComparisonConfig,
    rows: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, Sequence[Tensor]],
) -> str:
    """Give a page: the question, the protocol, the table with every hue, and a strip of pictures.

    Args:
        experiment, protocol: what was asked, and how.
        rows: as :func:`colorlib.compare.run_comparison` gives them.
        pictures: the same few photos by the name of each row, and as ``truth``.
    """
    headings = ["system", *row_values(rows[0])]
    body = [[row["name"], *map(format_value, row_values(row).values())] for row in rows]
    alt = f"Test photos in gray, as each system colours them, and as they were: {', '.join(pictures)}."
    data, _ = (figure := plot_progress(pictures, alt=alt)).bundle()
    kind = next(kind for kind in data if kind.startswith("image/"))
    protocols = rows[0]["protocols"]
    measured = {heading: protocols[name] for heading, name in COLUMNS.items() if name in protocols}
    own = {row["metric"]: row["protocols"][row["metric"]] for row in rows if row["metric"]}
    measured |= {f"its metric here, {name}": words for name, words in own.items()}
    measured["error on a hue"] = protocols["hue"]
    return _PAGE.substitute(
        title=escape(experiment.question),
        about=escape(
            f"{rows[-1]['about']}; {rows[-1]['pictures']} pictures are scored. {protocol}."
        ),
        head="".join(f'<th scope="col">{escape(format_value)}</th>' for format_value in headings),
        body="".join(_line(words) for words in body),
        image=f'<img src="data:{kind};base64,{data[kind]}" alt="{escape(figure.alt)}">',
        systems=_terms({row["name"]: _system(row) for row in rows}),
        measured=_terms(measured),
    )


def _system(row: Mapping[str, Any]) -> str:
    """Say what a row is, and whose training it shares."""
    return row["system"] + (
        f"; the same training as {row['as']} under this protocol" if "as" in row else ""
    )


def _terms(words: Mapping[str, str]) -> str:
    """Set out terms with what they mean."""
    pairs = (f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in words.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _line(words: Sequence[str]) -> str:
    first, *others = map(escape, words)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{format_value}</td>" for word in others)}</tr>'


_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #ccc; white-space: nowrap }
th:first-child { text-align: left } img { max-width: 100%; height: auto } dt { font-weight: 600 }
</style></head><body>
<h1>$title</h1>
<p>$about</p>
<div class="wide" tabindex="0" role="region" aria-label="table of results"><table>
<thead><tr>$head</tr></thead><tbody>$body</tbody></table></div>
$image
<h2>The systems</h2>$systems
<h2>How each number is measured</h2>$measured
</body></html>
""")
