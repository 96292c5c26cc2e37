"""The way in which the threads of one operation wait for each other.

PyTorch computes an operation with several threads of OpenMP, which wait for each other at its end.
By default they spin while they wait. On a machine with other work they then take the processor from
the very thread that they wait for, and colouring a photo takes ten times as long. Threads that
sleep instead cost next to nothing on an idle machine.
"""

from __future__ import annotations

import os

#: Environment variables of OpenMP, which it reads when torch is imported.
WAIT_POLICY = {"OMP_WAIT_POLICY": "PASSIVE"}


def wait_passively() -> None:
    """Set that waiting threads sleep, unless the user chose otherwise.

    It has an effect only before torch is imported, so commands and set-up cells call it first.
    """
    for name, value in WAIT_POLICY.items():
        os.environ.setdefault(name, value)
