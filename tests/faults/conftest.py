"""What all fault tests share: how long they may go on, and the count of what was tried and lost.

`make test` runs each test briefly; `make test-faults` sets FAULTS=long, and the same tests try far more.
"""

import os
import time
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def long() -> bool:
    """Tell whether this is the long version."""
    return os.environ.get("FAULTS") == "long"


@pytest.fixture
def tried(request) -> Callable[..., None]:
    """Give `tried(kind, n, lost=0)`, which counts into the table after the run; a loss fails."""

    def count(kind: str, n: int, lost: int = 0) -> None:
        assert n > 0, f"{kind}: nothing was tried"
        request.node.user_properties.append(
            ("fault", [kind, n, lost])
        )  # xdist carries it to the terminal
        assert not lost, f"{kind}: {lost} of {n} were lost"

    return count


@pytest.fixture(scope="session")
def commands(long, tmp_path_factory):
    """Start commands in processes of their own: forks of one in the short version, new ones in the long."""
    from fault_runs import Commands

    started = Commands(tmp_path_factory.mktemp("commands"), fresh=long)
    yield started
    started.close()


@pytest.fixture(scope="session")
def whole(commands, tmp_path_factory):
    """Train where nobody disturbs it; give the folder and the seconds that it took."""
    from fault_runs import TRAIN

    folder, began = tmp_path_factory.mktemp("whole"), time.monotonic()
    status, said = commands.run([*TRAIN, "--out", folder])
    assert status == 0, said
    return folder, time.monotonic() - began
