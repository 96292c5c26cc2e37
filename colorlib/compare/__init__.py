"""Systems side by side under one protocol: ``colorlib compare --set paper-002 --reduced``.

:mod:`~colorlib.compare.protocol` says what is the same for all, :mod:`~colorlib.compare.run` trains and
scores them one after the other and goes on where it was stopped, :mod:`~colorlib.compare.speed` lets them
race, :mod:`~colorlib.compare.table` and :mod:`~colorlib.compare.page` write what came out.
"""

from colorlib.compare.page import page
from colorlib.compare.protocol import Protocol
from colorlib.compare.run import MODEL, compare
from colorlib.compare.speed import latencies
from colorlib.compare.table import as_csv, cells, text

__all__ = ["MODEL", "Protocol", "as_csv", "cells", "compare", "latencies", "page", "text"]
