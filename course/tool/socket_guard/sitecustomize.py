"""First on PYTHONPATH of an offline run: this Python reaches the loopback and nothing else.

Python's own sockets only; `course.tool.no_network` adds a network namespace where the machine has them.
"""

import importlib.machinery
import importlib.util
import os
import sys

CONNECTING = ("socket.connect", "socket.sendto", "socket.sendmsg")
RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def guard(event: str, args: tuple) -> None:
    """Refuse the outside; Python calls this before it connects, sends or resolves a name."""
    if event in CONNECTING:
        import socket

        inet = args[0].family in (socket.AF_INET, socket.AF_INET6)
        host = args[1][0] if inet and args[1] else None
    elif event in RESOLVING:
        host = args[0]
    else:
        return
    if host and not is_here(
        host if isinstance(host, str) else bytes(host).decode("ascii", "replace")
    ):
        raise OSError(f"the course runs offline: a notebook tried to reach {host}")


def is_here(host: str) -> bool:
    """Whether a host is this machine: a loopback address, ``localhost``, or the machine's own name."""
    import ipaddress
    import socket

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost") or host == socket.gethostname()
    return address.is_loopback or address.is_unspecified


def run_next() -> None:
    """Run the sitecustomize that this one hides, if there is one."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


sys.addaudithook(guard)
run_next()
