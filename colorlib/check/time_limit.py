"""A time limit for code that may never end; it works in every thread and on every system."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_POLL = 0.05  # seconds between two looks at the clock, and at Ctrl-C
_GRACE = 2.0  # seconds for the code to end after it was stopped


class TimeLimitExceeded(BaseException):
    """The code took too long."""


def run_with_time_limit(function: Callable[[], T], seconds: float) -> T:
    """Call a function in a thread of its own, and stop it when the time is over or on Ctrl-C.

    An exception is raised in that thread between two instructions of Python. This needs no
    signals, which Windows and threads other than the main one lack. A thread that does not end
    then, because it is inside one long call of compiled code, is left behind.

    Raises:
        TimeLimitExceeded: After that many seconds; its traceback shows where the code was.

    Example:
        >>> def endless():
        ...     while True:
        ...         pass
        >>> try:
        ...     run_with_time_limit(endless, 0.1)
        ... except TimeLimitExceeded:
        ...     print("stopped")
        stopped
    """
    values: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            values.append(function())
        except BaseException as error:  # all of them go to the thread that waits
            errors.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        _wait_for(worker, seconds)
    finally:
        _stop(worker)
    if values:
        return values[0]
    raise errors[0] if errors else TimeLimitExceeded


def _wait_for(worker: threading.Thread, seconds: float) -> None:
    for _ in range(int(seconds / _POLL) + 1):
        worker.join(_POLL)
        if not worker.is_alive():
            return


def _stop(worker: threading.Thread) -> None:
    """Raise in the thread until it ends; code with a bare except swallows some of the raises."""
    for _ in range(int(_GRACE / _POLL)):
        if not worker.is_alive():
            return
        thread, error = ctypes.c_ulong(worker.ident), ctypes.py_object(TimeLimitExceeded)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
        worker.join(_POLL)
