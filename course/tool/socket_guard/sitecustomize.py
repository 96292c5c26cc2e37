"""First on PYTHONPATH of an offline run: this Python can reach only the loopback.

It stops only Python's own sockets; `course.tool.no_network` adds a network namespace if it can.
"""

import importlib.machinery
import importlib.util
import os
import sys

CONNECTING = ("socket.connect", "socket.sendto", "socket.sendmsg")
RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def guard(event: str, args: tuple) -> None:
    """Refuse other hosts; Python calls this before it connects, sends or resolves a name."""
    if event in CONNECTING:
        import socket

        inet = args[0].family in (socket.AF_INET, socket.AF_INET6)
        host = args[1][0] if inet and args[1] else None
    elif event in RESOLVING:
        host = args[0]
    else:
        return
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if host and not is_this_machine(host):
        raise OSError(f"the course runs offline: a notebook tried to reach {host}")


def is_this_machine(host: str) -> bool:
    """Return whether a host is a loopback address, ``localhost`` or the name of this machine."""
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
