"""Every docstring example agrees with the shapes that the signatures promise (jaxtyping's hook)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOOK = "shape_checker.typechecker"


def run_doctests(packages: str, folder: Path, *paths: str) -> subprocess.CompletedProcess:
    options = ["-q", "-p", "no:cacheprovider", "--doctest-modules", "--import-mode=importlib"]
    hook = f"--jaxtyping-packages={packages},{HOOK}"
    command = [sys.executable, "-m", "pytest", *options, hook, *paths]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_examples_agree_with_annotated_shapes():
    done = run_doctests("colorlib", ROOT, "colorlib")
    assert done.returncode == 0, done.stdout[-4000:]


def test_wrong_shape_is_found(tmp_path):
    (tmp_path / "transposed.py").write_text(
        "from jaxtyping import Float\nfrom torch import Tensor, ones\n\n\n"
        'def transpose(x: Float[Tensor, "h w"]) -> Float[Tensor, "w h"]:\n'
        '    """Return a copy.\n\n    >>> transpose(ones(2, 3)).shape\n    torch.Size([2, 3])\n'
        '    """\n    return x.clone()\n'
    )
    done = run_doctests("transposed", tmp_path, "transposed.py")
    assert done.returncode == 1 and "return value" in done.stdout, done.stdout
