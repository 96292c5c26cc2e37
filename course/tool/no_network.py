"""Run a command with nothing but the loopback reachable: the notebooks of the course need no network.

On Linux the command gets a network namespace of its own, in which the outside does not exist. Where that is
forbidden, and on other systems, there is only the guard (socket_guard/sitecustomize.py), which stops Python's own
sockets. The guard is on in both cases, because its message says what happened.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from course.tool.cli import CourseError

VARIABLE = "COURSE_OFFLINE"  # "guard" asks for the guard alone; inside a namespace it holds that namespace's name
GUARD = Path(__file__).with_name("socket_guard")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # linux/sockios.h, linux/if.h
MODE_MESSAGES = {
    "namespace": "offline: nothing but the loopback is reachable (network namespace)",
    "guard": "offline: Python reaches nothing but the loopback (socket guard, no network namespace)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="CMD ARGS", help="the command to run"
    )


def main(args: argparse.Namespace) -> int:
    """Run ``args.words`` offline."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        raise CourseError(
            "found no command, expected one: say what to run, as in offline python script.py."
        )
    exec_offline(words)


def require_offline() -> None:
    """Start this program again, offline, unless it is offline already."""
    if offline_mode() is None:
        exec_offline([sys.executable, *sys.orig_argv[1:]])


def offline_mode() -> str | None:
    """What holds this process offline: ``"namespace"``, ``"guard"`` or nothing."""
    value = os.environ.get(VARIABLE)
    if value and value == namespace():
        return "namespace"
    guarded = getattr(sys.modules.get("sitecustomize"), "__file__", "") == str(
        GUARD / "sitecustomize.py"
    )
    return "guard" if value == "guard" and guarded else None


def exec_offline(words: list[str]) -> None:
    """Replace this process by a command that is offline; say on stderr in which way."""
    env = dict(os.environ)
    how = offline_mode() or choose_mode()
    env[VARIABLE] = namespace() if how == "namespace" else "guard"
    if os.environ.get("PYTHONPATH", "").split(os.pathsep)[0] != str(GUARD):
        env["PYTHONPATH"] = os.pathsep.join([str(GUARD), *filter(None, [env.get("PYTHONPATH")])])
    print(MODE_MESSAGES[how], file=sys.stderr, flush=True)
    exec_command(words, env)


def exec_command(words: list[str], env: dict[str, str]) -> None:
    """Replace this process by a command."""
    sys.stdout.flush()
    try:
        if os.name == "nt":  # there exec would return to the prompt at once
            sys.exit(subprocess.run(words, env=env).returncode)
        os.execvpe(words[0], words, env)
    except OSError as error:
        raise CourseError(
            f"{words[0]!r} cannot be run ({error.strerror}): check the command."
        ) from None


def choose_mode() -> str:
    """Move this process into a namespace if the machine allows it, and say which way is left."""
    if os.environ.get(VARIABLE) == "guard" or sys.platform != "linux" or not namespaces_work():
        return "guard"
    enter_namespace()
    return "namespace"


def namespace() -> str | None:
    """The name of this process's network namespace, such as ``net:[4026531840]``."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return None


def namespaces_work() -> bool:
    """Try it in a child: some machines refuse only after the first step, when there is no way back."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            enter_namespace()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def enter_namespace() -> None:
    """Leave the machine's network for one with only a loopback; new files still belong to the user.

    Raises:
        OSError: if the machine forbids it.
    """
    import fcntl

    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "no network namespace")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
