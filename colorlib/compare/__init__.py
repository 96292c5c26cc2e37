"""Systems side by side under one protocol: ``colorlib compare --experiment paper-002 --reduced``.

:mod:`~colorlib.compare.experiments` names sets of recipes, :mod:`~colorlib.compare.config` has what
is the same for all recipes, :mod:`~colorlib.compare.runner` trains, scores and times them,
:mod:`~colorlib.compare.table` and :mod:`~colorlib.compare.report` present the results.
"""

from colorlib.compare.config import ComparisonConfig
from colorlib.compare.report import render_report
from colorlib.compare.runner import MODEL_FILENAME, measure_latencies, run_comparison
from colorlib.compare.table import format_table, row_values, to_csv

__all__ = [
    "MODEL_FILENAME",
    "ComparisonConfig",
    "format_table",
    "measure_latencies",
    "render_report",
    "row_values",
    "run_comparison",
    "to_csv",
]
