"""What all fault tests share: how long they may go on, and the count of what was tried and lost.

`make test` runs each test briefly; `make test-faults` sets FAULTS=long, and the same tests try far more.
"""

import os
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
        request.node.user_properties.append(("fault", [kind, n, lost]))  # xdist carries it to the terminal
        assert not lost, f"{kind}: {lost} of {n} were lost"

    return count
