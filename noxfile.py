"""The tests and the solutions in other environments; ``make test-lanes`` runs the sessions.

``tests-3.11`` and its like use the newest packages on one Python version. ``colab`` and ``kaggle``
use the package versions of their images, and run each lesson alone before colorlib is installed.
``binder`` uses the tested versions on Binder's Python, which is also that of Codespaces and of the
Dockerfile. A session whose Python is not installed on this machine is skipped.
"""

import os
import shutil
import sys
from pathlib import Path

import nox

PYTHONS = ["3.11", "3.12", "3.13"]
COLAB_VERSIONS = "course/colab-2026-08.txt"
KAGGLE_VERSIONS = "course/kaggle-2026-09.txt"
BINDER_VERSIONS = "course/tested-versions.txt"
ENVIRONMENT = {
    "COURSE_EXPECT": "solution",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "OMP_NUM_THREADS": "1",  # two test processes would wait for each other's threads
}

# A shim of pyenv does not start a version that is not active, so look at the versions themselves.
pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
folders = [*map(str, sorted(pyenv.glob("versions/*/bin"))), os.environ["PATH"]]
os.environ["PATH"] = os.pathsep.join(folders)

this_python = f"{sys.version_info.major}.{sys.version_info.minor}"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [f"tests-{version}" for version in PYTHONS if version != this_python]
nox.options.sessions += ["colab", "kaggle", "binder"]


def colab_python() -> str | None:
    """Return an installed Python version that suits Colab's packages; None means this one."""
    for version in ("3.13", "3.11"):
        if shutil.which(f"python{version}"):
            return version
    return None


def run_tests(session: nox.Session) -> None:
    """Run the library's tests, and compare the solutions with their stored outputs, offline."""
    session.run("python", "-m", "pytest", "-n", "2", "tests/colorlib", "colorlib", env=ENVIRONMENT)
    compare = ["--nbval-lax", "--nbval-cell-timeout=120", "-n", "2", "--dist", "loadscope"]
    offline = ["python", "-m", "course", "offline", "python", "-m", "pytest"]
    session.run(*offline, *compare, "solutions", env=ENVIRONMENT)


def run_as_hosted(session: nox.Session, versions: str) -> None:
    """Run each lesson alone as a host's image would, then the tests with its package versions."""
    project = nox.project.load_toml(Path(__file__).with_name("pyproject.toml"))["project"]
    session.install("--requirement", versions, *project["dependencies"])
    lessons = [sys.executable, "-m", "course", "standalone", "--python", f"{session.bin}/python"]
    session.run(*lessons, env=ENVIRONMENT, external=True)
    session.install("-e", ".[course,dev]", "--constraint", versions)
    run_tests(session)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Install the newest packages and run the tests."""
    session.install("-e", ".[course,dev]")
    run_tests(session)


@nox.session(python=colab_python(), venv_params=["--seed"])
def colab(session: nox.Session) -> None:
    """Run each lesson alone as Colab would, then the tests with Colab's package versions."""
    run_as_hosted(session, COLAB_VERSIONS)


@nox.session(python="3.12", venv_params=["--seed"])
def kaggle(session: nox.Session) -> None:
    """Run each lesson alone with Kaggle's package versions, then the tests."""
    run_as_hosted(session, KAGGLE_VERSIONS)


@nox.session(python="3.12")
def binder(session: nox.Session) -> None:
    """Run the tests with the versions that Binder, a codespace and a class server install."""
    session.install("-e", ".[course,dev]", "--constraint", BINDER_VERSIONS)
    run_tests(session)
