"""Which model a command uses: the one that a person names, or trained last, or one that is shipped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorlib.colorizer import Colorizer

MODEL = "a weights file, or a shipped model: landscape, general, or either with -adversarial"
MODEL += "; the newest in runs/ if not given, or else general-adversarial"
log = logging.getLogger("colorlib")


def take(model: str | None, runs: str | Path = "runs") -> tuple[Path, Colorizer]:
    """Load the model that was asked for, the newest below ``runs``, or the shipped one; say which.

    Raises:
        FileNotFoundError: what was asked for is neither a file nor a shipped model.
        CheckpointError: the file is damaged, or no model.
    """
    from colorlib import pretrained
    from colorlib.colorizer import Colorizer

    if model is None:
        written = sorted(
            Path(runs).glob("*/*.safetensors"), key=lambda path: path.stat().st_mtime_ns
        )
        model = str(written[-1]) if written else pretrained.DEFAULT
        log.info("model: %s", model)
    if model in pretrained.NAMES:
        return pretrained.weights_path(model), pretrained.load(model)
    path = Path(model).expanduser()
    if not path.is_file():
        expected = (
            f"expected weights that colorlib train wrote, or one of {', '.join(pretrained.NAMES)}"
        )
        raise FileNotFoundError(f"there is no file {path}; {expected}")
    return path, Colorizer.load(path)
