"""``python -m course offline``: run a command that can reach only the loopback.

On Linux the command gets its own network namespace, without any other network. Where that is
forbidden, and on other systems, only the socket guard (socket_guard/sitecustomize.py) stops
Python's own sockets. The guard is on in both cases, because its message explains what happened.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from course.tool.cli import CourseError

# "guard" asks for the guard without a namespace; inside a namespace it holds that namespace's name.
VARIABLE = "COURSE_OFFLINE"
GUARD = Path(__file__).with_name("socket_guard")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # linux/sockios.h, linux/if.h
MODE_MESSAGES = {
    "namespace": "offline: only the loopback is reachable (network namespace)",
    "guard": "offline: Python reaches only the loopback (socket guard, no network namespace)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD ARGS", help="to run")


def main(args: argparse.Namespace) -> int:
    """Run ``args.words`` offline."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        raise CourseError("found no command, expected one, as in: offline python script.py.")
    exec_offline(words)


def require_offline() -> None:
    """Start this program again, offline, unless it is offline already."""
    if offline_mode() is None:
        exec_offline([sys.executable, *sys.orig_argv[1:]])


def offline_mode() -> str | None:
    """Return what keeps this process offline: ``"namespace"``, ``"guard"`` or None."""
    value = os.environ.get(VARIABLE)
    if value and value == namespace():
        return "namespace"
    guard_file = getattr(sys.modules.get("sitecustomize"), "__file__", "")
    guarded = guard_file == str(GUARD / "sitecustomize.py")
    return "guard" if value == "guard" and guarded else None


def exec_offline(words: list[str]) -> None:
    """Replace this process by a command that is offline; print the mode to stderr."""
    env = dict(os.environ)
    mode = offline_mode() or enter_mode()
    env[VARIABLE] = namespace() if mode == "namespace" else "guard"
    paths = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    if paths[:1] != [str(GUARD)]:
        env["PYTHONPATH"] = os.pathsep.join([str(GUARD), *paths])
    print(MODE_MESSAGES[mode], file=sys.stderr, flush=True)
    exec_command(words, env)


def exec_command(words: list[str], env: dict[str, str]) -> None:
    """Replace this process by a command."""
    sys.stdout.flush()
    try:
        if os.name == "nt":  # there exec would return to the prompt at once
            sys.exit(subprocess.run(words, env=env).returncode)
        os.execvpe(words[0], words, env)
    except OSError as error:
        text = f"{words[0]!r} cannot be run ({error.strerror}): check the command."
        raise CourseError(text) from None


def enter_mode() -> str:
    """Move this process into a namespace if the machine allows it; return the mode that applies."""
    if os.environ.get(VARIABLE) == "guard" or sys.platform != "linux":
        return "guard"
    if not works_in_child(enter_namespace):
        return "guard"
    enter_namespace()
    return "namespace"


def namespace() -> str | None:
    """Return the name of this process's network namespace, such as ``net:[4026531840]``."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return None


def works_in_child(step: Callable[[], None]) -> bool:
    """Try a step in a child: some machines refuse only after a part that cannot be undone."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            step()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def unshare(flags: int, inner_user: int | None = None, inner_group: int | None = None) -> None:
    """Move this process into new namespaces; in a user namespace, new files belong to the user.

    Args:
        flags: Of linux/sched.h.
        inner_user, inner_group: The ids of this user inside a user namespace; by default the same.

    Raises:
        OSError: If the machine forbids it.
    """
    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "no namespaces")
    if flags & CLONE_NEWUSER:
        inner_user = user if inner_user is None else inner_user
        inner_group = group if inner_group is None else inner_group
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inner_user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{inner_group} {group} 1")


def enter_namespace() -> None:
    """Leave the machine's network for one with only a loopback; new files still belong to the user.

    Raises:
        OSError: If the machine forbids it.
    """
    import fcntl

    unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
