"""One net under every command: an error becomes one sentence, an end becomes an exit status.

``colorlib`` and ``python -m course`` run their commands in :func:`run_command`. Exit statuses:
0 success, 1 failure with one sentence that explains it, 2 wrong usage, 130 stopped by the keyboard,
143 stopped by the system (SIGTERM). A terminal that is closed, or a pipe whose reader is gone, does
not stop the work. ``COLORLIB_TRACEBACK=1`` shows where in the code an error was raised.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from colorlib.engine.signals import handle_stop_signals, raise_stopped
from colorlib.io.errors import without_error_number

#: Errors whose message is meant for the person who reads it.
_EXPLAINED = (OSError, ValueError, ArithmeticError, RuntimeError, MemoryError, ImportError)


def run_command(
    name: str,
    run: Callable[[], int],
    *,
    stopped: str = "stopped",
    explained: tuple[type[Exception], ...] = (),
) -> int:
    """Run a command; return its exit status, and print an error as one sentence.

    Args:
        name: of the command, for messages: ``colorlib train``.
        run: does the work and returns an exit status.
        stopped: what to say when a person or the system has stopped it.
        explained: more classes of errors whose message is meant for a person.

    Example:
        >>> run_command("colorlib info", lambda: 0)
        0
    """
    with _sturdy_streams():
        try:
            with handle_stop_signals(raise_stopped):
                status = run()
            sys.stdout.flush()
            return status
        except KeyboardInterrupt as stop:
            if os.environ.get("RANK", "0") == "0":  # only one of the processes of torchrun prints
                print(f"\n{name}: {stopped}", file=sys.stderr)
            return getattr(stop, "status", 130)
        except Exception as error:
            if os.environ.get("COLORLIB_TRACEBACK"):
                traceback.print_exc()
            print(f"{name}: {error_sentence(error, explained)}", file=sys.stderr)
            return 1


def error_sentence(error: Exception, explained: tuple[type[Exception], ...] = ()) -> str:
    """Return what to tell a person about an error.

    Example:
        >>> error_sentence(FileNotFoundError(2, "No such file or directory", "lawn.jpg"))
        'lawn.jpg: no such file or directory'
        >>> error_sentence(KeyError("L"))[:60]
        "KeyError: 'L'; this is a fault of the program: please report"
    """
    text = without_error_number(str(error)) or type(error).__name__
    if _is_out_of_memory(error) and "memory ran out" not in text:
        advice = "close other programs, or use a smaller --image-size, or --reduced"
        return f"memory ran out ({text}); {advice}"
    if isinstance(error, ModuleNotFoundError) and text.startswith("No module named"):
        return f"the package of {error.name} is not installed: install it with pip"
    if isinstance(error, OSError) and error.strerror and text != str(error):
        files = [os.fsdecode(file) for file in (error.filename, error.filename2) if file]
        reason = error.strerror[:1].lower() + error.strerror[1:]
        return f"{' and '.join(files)}: {reason}" if files else reason
    if isinstance(error, (*_EXPLAINED, *explained)):
        return text
    advice = "please report it, with what COLORLIB_TRACEBACK=1 prints before this line"
    return f"{type(error).__name__}: {text}; this is a fault of the program: {advice}"


def _is_out_of_memory(error: Exception) -> bool:
    if not isinstance(error, MemoryError | RuntimeError):
        return False
    from colorlib.engine.precision import is_out_of_memory

    return is_out_of_memory(error)


@contextlib.contextmanager
def _sturdy_streams() -> Iterator[None]:
    """Within the block, no write to a standard stream fails because nobody reads it."""
    for descriptor in (0, 1, 2):  # a closed one would become the next file that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    with contextlib.suppress(AttributeError):  # a file name may have letters the screen lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    out = _SturdyStream(sys.stdout, BrokenPipeError)  # a full disk is an error of the output
    err = _SturdyStream(sys.stderr, OSError, ValueError)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


class _SturdyStream:
    """A text stream that turns to ``os.devnull`` when writing to it raises one of some errors."""

    def __init__(self, stream: io.TextIOBase, *errors: type[Exception]) -> None:
        self._stream, self._errors = stream, errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except self._errors:
            self._discard()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except self._errors:
            self._discard()

    def _discard(self) -> None:
        """Send what follows nowhere, also what Python flushes at its exit."""
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
