"""SIGINT and SIGTERM: how a person or the system asks a program to stop."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SAME_REQUEST = 1.0  # seconds; a terminal and torchrun may both pass the same Ctrl-C on
_last_request = -math.inf  # when the process was last asked to stop


class Stopped(KeyboardInterrupt):
    """A signal asked the program to stop.

    Attributes:
        status: the exit status that a shell expects: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number


def raise_stopped(number: int) -> NoReturn:
    """Raise :class:`Stopped` for the signal of this number."""
    raise Stopped(number)


@contextmanager
def handle_stop_signals(handler: Callable[[int], None]) -> Iterator[None]:
    """Call ``handler(number)`` when SIGINT or SIGTERM arrives, instead of what happens by default.

    A signal that arrives within a second of another one is the same request and is ignored. A
    signal that the process ignores already, as under ``nohup``, stays ignored. Python runs signal
    handlers in the main thread; in any other thread nothing is changed. At the end of the block the
    former handlers are restored.

    Args:
        handler: takes the signal's number; it may raise.

    Example:
        >>> try:
        ...     with handle_stop_signals(raise_stopped):
        ...         signal.raise_signal(signal.SIGTERM)
        ... except Stopped as stopped:
        ...     stopped.status
        143
    """

    def handle(number: int, frame: FrameType | None) -> None:
        global _last_request
        now = time.monotonic()
        if now - _last_request > _SAME_REQUEST:
            _last_request = now
            handler(number)

    former_handlers = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    former_handlers[number] = signal.signal(number, handle)
        yield
    finally:
        for number, former in former_handlers.items():
            signal.signal(number, former)
