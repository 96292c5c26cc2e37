"""Candidates in separate processes, where one would change what another one measures.

Memory, threads and caches belong to a process. So each candidate runs in its own process, and while
one runs, the others wait.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection

import torch


@contextmanager
def isolated_processes(builders: Mapping[str, partial]) -> Iterator[dict[str, Callable[[], None]]]:
    """Start a process for each candidate; yield functions that let it run once.

    Each process computes on as many threads as this one.

    Args:
        builders: by name; called in the new process, each returns the function to be run.

    Raises:
        RuntimeError: if a run fails; the message names the error.

    Example:
        >>> with isolated_processes({"nothing": partial(partial, int)}) as calls:
        ...     calls["nothing"]()
    """
    context = multiprocessing.get_context("spawn")
    settings = (multiprocessing.get_start_method(), torch.get_num_threads())
    with ExitStack() as stack:
        calls = {}
        for name, builder in builders.items():
            connection, child_connection = context.Pipe()
            process = context.Process(target=_serve, args=(child_connection, builder, *settings))
            process.start()
            child_connection.close()  # so that the end of the process is noticed
            stack.callback(process.join)
            stack.callback(connection.close)
            calls[name] = partial(_request_run, name, connection)
        yield calls


def _request_run(name: str, connection: Connection) -> None:
    connection.send(True)
    if error := connection.recv():
        raise RuntimeError(f"{name} failed: {error}")


def _serve(connection: Connection, builder: partial, start_method: str, num_threads: int) -> None:
    """Run the candidate once for each request, until the other side closes the connection."""
    # the workers of a data loader start as they do elsewhere
    multiprocessing.set_start_method(start_method, force=True)
    torch.set_num_threads(num_threads)
    function = None
    with suppress(EOFError):
        while connection.recv():
            try:
                function = function or builder()
                function()
                connection.send("")
            except Exception as error:
                connection.send(repr(error))
