"""Contestants in processes of their own, where one would change what another has: memory, threads, caches.

The C library learns from what a process freed how it hands out memory, and cannot unlearn it. So a training
step whose memory is kept, and one whose memory is not, take their turns in two processes; while one has its
turn the other waits.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection

import torch


@contextmanager
def apart(contestants: Mapping[str, partial]) -> Iterator[dict[str, Callable[[], None]]]:
    """Start a process for each contestant and give what lets it have a turn, for :func:`race.race`.

    Each computes on as many threads as this process does.

    Args:
        contestants: By name what makes, in the new process, the function that is one turn.

    Raises:
        RuntimeError: If a turn fails; it names what was raised.

    Example:
        >>> with apart({"nothing": partial(partial, int)}) as calls:
        ...     calls["nothing"]()
    """
    start = multiprocessing.get_context("spawn")
    here = (multiprocessing.get_start_method(), torch.get_num_threads())
    with ExitStack() as stack:
        calls = {}
        for name, make in contestants.items():
            ours, theirs = start.Pipe()
            process = start.Process(target=_serve, args=(theirs, make, *here))
            process.start()
            theirs.close()  # so that a process that ends is noticed
            stack.callback(process.join)
            stack.callback(ours.close)
            calls[name] = partial(_turn, name, ours)
        yield calls


def _turn(name: str, to: Connection) -> None:
    to.send(True)
    if failed := to.recv():
        raise RuntimeError(f"{name} failed: {failed}")


def _serve(to: Connection, make: partial, usual: str, threads: int) -> None:
    multiprocessing.set_start_method(
        usual, force=True
    )  # a data loader's workers start as they do elsewhere
    torch.set_num_threads(threads)
    turn = None
    with suppress(EOFError):  # nobody asks any more
        while to.recv():
            try:
                turn = turn or make()
                turn()
                to.send("")
            except Exception as error:
                to.send(repr(error))
