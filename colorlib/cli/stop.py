"""What stops a command: the keyboard, and the system that asks its processes to end."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ONE_WISH = 1.0  # seconds: a terminal and torchrun both pass the keyboard on


class Stopped(KeyboardInterrupt):
    """A signal has asked for an end; ``status`` is what a shell expects then: 130 or 143."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number


@contextmanager
def heeded() -> Iterator[None]:
    """Raise :class:`Stopped` inside the block when SIGINT or SIGTERM comes; twice within a second is once.

    Example:
        >>> try:
        ...     with heeded():
        ...         signal.raise_signal(signal.SIGTERM)
        ... except Stopped as stop:
        ...     stop.status
        143
    """
    heard = -math.inf

    def stop(number: int, frame: Any) -> None:
        nonlocal heard
        if time.monotonic() - heard > _ONE_WISH:
            heard = time.monotonic()
            raise Stopped(number)

    before = {}
    try:
        if threading.current_thread() is threading.main_thread():  # no other may ask
            for number in (signal.SIGINT, signal.SIGTERM):
                if (
                    signal.getsignal(number) is not signal.SIG_IGN
                ):  # as under nohup, or in the background
                    before[number] = signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
