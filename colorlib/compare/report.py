"""The HTML report of a comparison: question, protocol, table and images in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader
from torch import Tensor

from colorlib.compare.config import ComparisonConfig
from colorlib.compare.experiments import Experiment
from colorlib.compare.table import COLUMNS, format_value, row_values
from colorlib.viz import plot_progress


def render_report(
    experiment: Experiment,
    config: ComparisonConfig,
    rows: Sequence[Mapping[str, Any]],
    images: Mapping[str, Sequence[Tensor]],
) -> str:
    """Return an HTML page with the question, the protocol, the table with every hue, and images.

    Args:
        experiment: what was compared.
        config: how it was compared.
        rows: as :func:`colorlib.compare.run_comparison` returns them.
        images: the same few photos by the name of each row, and as ``truth``.
    """
    alt = (
        f"Test photos in gray, as each system colours them, and as they were: {', '.join(images)}."
    )
    figure = plot_progress(images, alt=alt)
    bundle, _ = figure.mime_bundle()
    mime_type = next(name for name in bundle if name.startswith("image/"))
    environment = Environment(
        loader=PackageLoader("colorlib.compare", "."), autoescape=True, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        experiment=experiment,
        config=config,
        num_images=rows[-1]["num_images"],
        data=rows[-1]["data"],
        headings=list(row_values(rows[0])),
        rows=[{**row, "cells": list(row_values(row).values())} for row in rows],
        format_value=format_value,
        image=f"data:{mime_type};base64,{bundle[mime_type]}",
        alt=figure.alt,
        protocols=_protocols_by_heading(rows),
    )


def _protocols_by_heading(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return how each number is measured, by the heading of its column."""
    protocols = rows[0]["protocols"]
    shown = {heading: protocols[name] for heading, name in COLUMNS.items() if name in protocols}
    for row in rows:
        if row["metric"]:
            shown[f"its metric here, {row['metric']}"] = row["protocols"][row["metric"]]
    shown["error on a hue"] = protocols["hue"]
    return shown
