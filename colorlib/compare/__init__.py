"""Systems side by side under one protocol: ``colorlib compare --set paper-002 --reduced``.

:mod:`~colorlib.compare.config` says what is the same for all, :mod:`~colorlib.compare.runner` trains and
scores them one after the other and goes on where it was stopped, :mod:`~colorlib.compare.latency` lets them
race, :mod:`~colorlib.compare.table` and :mod:`~colorlib.compare.report` write what came out.
"""

from colorlib.compare.config import ComparisonConfig
from colorlib.compare.latency import measure_latencies
from colorlib.compare.report import render_report
from colorlib.compare.runner import MODEL_FILENAME, run_comparison
from colorlib.compare.table import format_table, row_values, to_csv

__all__ = [
    "MODEL_FILENAME",
    "ComparisonConfig",
    "to_csv",
    "row_values",
    "run_comparison",
    "measure_latencies",
    "render_report",
    "format_table",
]
