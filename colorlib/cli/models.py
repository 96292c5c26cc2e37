"""Which weights a command uses when a person names none."""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger("colorlib")


def find(model: str | None, runs: str | Path = "runs") -> Path:
    """Give the file that was asked for, or the one that ``colorlib train`` wrote last below ``runs``.

    Raises:
        FileNotFoundError: none was asked for and there is none.
    """
    if model is not None:
        return Path(model)
    written = sorted(Path(runs).glob("*/*.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    if not written:
        raise FileNotFoundError(
            f"{Path(runs).resolve()} holds no weights; train some first (colorlib train --data photos "
            "--reduced takes a minute), or name a weights file"
        )
    log.info("model: %s", written[-1])
    return written[-1]
