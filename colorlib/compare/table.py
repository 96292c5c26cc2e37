"""The rows of a comparison as a text, as CSV, and as a page with pictures."""

from __future__ import annotations

import csv
import io
import statistics
import time
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.color import Scale
from colorlib.compare.protocol import Protocol
from colorlib.evaluate import colorized
from colorlib.metrics import HUES
from colorlib.recipes.experiments import Experiment
from colorlib.show import strips

_HUES = [f"hue_{name}" for name in [*HUES, "gray"]]
#: Heading and where its number stands; the first ones fit on a screen.
COLUMNS = {
    "paper's number": "said",
    "its metric here": "metric",
    "PSNR": "psnr",
    "SSIM": "ssim",
    "CIEDE2000": "ciede2000",
    "L1": "l1",
    "colourful": "colorfulness_ratio",
    "ms": "ms",
    "parameters": "parameters",
    "minutes": "minutes",
    "epochs": "epochs",
    "pixels": "size",
}


def cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the cells of a row by their headings, hues last; what there is not is None.

    Example:
        >>> cells({"numbers": {"psnr": 21.5}, "said": {"PSNR": 26.4}, "metric": "psnr", "size": 64})["PSNR"]
        21.5
    """
    numbers, said = row["numbers"], row["said"]
    special = {"said": said.get("PSNR"), "metric": numbers.get(row["metric"] or "")}
    found = {
        heading: special.get(name, numbers.get(name, row.get(name))) for heading, name in COLUMNS.items()
    }
    return found | {name.replace("hue_", "error on "): numbers.get(name) for name in _HUES}


def text(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Give the table as words, its heading first, without the hues: for a screen."""
    shown = [["system", *COLUMNS]]
    for row in rows:
        found = cells(row)
        shown.append([row["name"], *(_word(found[heading]) for heading in COLUMNS)])
    return shown


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give the whole table as CSV: every number of the standard metrics, by its own name."""
    numbers = list(rows[0]["numbers"])
    fixed = ["paper", "system", "size", "pretrained", "parameters", "epochs", "photos_seen", "minutes", "ms"]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["name", *fixed, "said_MSE", "said_PSNR", "said_ms", "paper_metric", *numbers])
    for row in rows:
        said = [row["said"].get(name) for name in ("MSE", "PSNR", "ms")]
        values = [row["numbers"][name] for name in numbers]
        table.writerow([row["name"], *(row.get(name) for name in fixed), *said, row["metric"], *values])
    return out.getvalue()


def page(
    experiment: Experiment,
    protocol: Protocol,
    rows: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, Sequence[Tensor]],
) -> str:
    """Give a page: the question, the protocol, the table with every hue, and a strip of pictures.

    Args:
        experiment, protocol: what was asked, and how.
        rows: as :func:`colorlib.compare.compare` gives them.
        pictures: the same few photos by the name of each row, and as ``truth``.
    """
    headings = ["system", *cells(rows[0])]
    body = [[row["name"], *map(_word, cells(row).values())] for row in rows]
    figure = strips(
        pictures,
        alt=f"Test photos in gray, as each system colours them, and as they were: {', '.join(pictures)}.",
    )
    ((kind, data),) = [item for item in figure.bundle()[0].items() if item[0].startswith("image/")]
    protocols = rows[0]["protocols"]
    names = {name: heading for heading, name in COLUMNS.items()}
    said = [
        f"<dt>{escape(names[name])}</dt><dd>{escape(protocols[name])}</dd>"
        for name in protocols
        if name in names
    ]
    metrics = {row["metric"]: row["protocols"][row["metric"]] for row in rows if row["metric"]}
    said += [
        f"<dt>its metric: {escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in metrics.items()
    ]
    said.append(f"<dt>error on ...</dt><dd>{escape(protocols['hue'])}</dd>")
    systems = [f"<dt>{escape(row['name'])}</dt><dd>{escape(row['system'])}</dd>" for row in rows]
    return _PAGE.substitute(
        title=escape(experiment.question),
        about=escape(f"{rows[-1]['about']}; {rows[-1]['pictures']} pictures are scored. {protocol}."),
        head="".join(f'<th scope="col">{escape(word)}</th>' for word in headings),
        body="".join(_line(words) for words in body),
        image=f'<img src="data:{kind};base64,{data}" alt="{escape(figure.alt)}">',
        systems="".join(systems),
        said="".join(said),
    )


def latencies(
    models: Mapping[str, tuple[nn.Module, int]], *, rounds: int = 15, device: torch.device | str = "cpu"
) -> dict[str, float]:
    """Measure how long a network takes for one picture: the median over rounds in which each has its turn.

    Args:
        models: networks and the side of the picture that each is given, by name.
        rounds: how often each is measured, after two rounds that do not count.
        device: where to compute.

    Returns:
        Milliseconds by name.
    """
    inputs = {name: torch.zeros(1, 1, size, size, device=device) for name, (_, size) in models.items()}
    seen: dict[str, list[float]] = {name: [] for name in models}
    with torch.no_grad():
        for _ in range(rounds + 2):
            for name, (net, _) in models.items():
                net.to(device).eval()
                _wait(device)
                began = time.perf_counter()
                net(inputs[name])
                _wait(device)
                seen[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times[2:]) for name, times in seen.items()}


def painted(net: nn.Module | None, rgb: Tensor, scale: Scale) -> list[Tensor]:
    """Colour pictures for the strip: a list of (1, 3, h, w)."""
    return list(colorized(net, rgb, scale).split(1))


def _wait(device: torch.device | str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"


def _line(words: Sequence[str]) -> str:
    first, *others = map(escape, words)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{word}</td>" for word in others)}</tr>'


_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #222 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #ccc; white-space: nowrap }
th:first-child { text-align: left } img { max-width: 100%; height: auto } dt { font-weight: 600 }
</style></head><body>
<h1>$title</h1>
<p>$about</p>
<div class="wide" tabindex="0" role="region" aria-label="table of results"><table>
<thead><tr>$head</tr></thead><tbody>$body</tbody></table></div>
$image
<h2>The systems</h2><dl>$systems</dl>
<h2>How each number is measured</h2><dl>$said</dl>
</body></html>
""")
