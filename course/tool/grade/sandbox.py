"""Walls around a process that runs a student's code.

On Linux, namespaces give it a network without devices, a file system that holds only Python and an
empty private folder, and a list of processes in which there is nothing but itself. Limits of the
system bound memory, processes, open files and the size of files on every Unix.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from course.tool.grade import mounts
from course.tool.no_network import CLONE_NEWNET, CLONE_NEWUSER, unshare, works_in_child

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x4000000, 0x8000000, 0x20000000
NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
INNER_ID = 1000  # the user inside a user namespace
FIRST_FREE_ID = 1_500_000_000  # root gives each sandbox a user that nobody else has
HOME = "/home/student"


@dataclass(frozen=True)
class Limits:
    """The time, memory, disk and processes that one notebook may use.

    Args:
        memory_mb: Of one process, beyond what it has before the student's code starts; all
            processes of a sandbox together may have half as much again.
        disk_mb: In the private folder and /tmp together.
        processes: At most, with threads.
        cell_seconds: For one cell.
        notebook_seconds: For all cells of one notebook together.
    """

    memory_mb: int = 2048
    disk_mb: int = 256
    processes: int = 64
    cell_seconds: float = 30  # more than the checks give an answer by themselves
    notebook_seconds: float = 120


def level() -> str:
    """Return how namespaces can be had: ``root``, ``user`` (a user namespace) or ``""`` (not)."""
    if sys.platform != "linux":
        return ""
    for kind in ["root", "user"] if os.geteuid() == 0 else ["user"]:
        with mounts.scratch_folder() as folder:
            if works_in_child(partial(_build_walls, kind, folder)):
                return kind
    return ""


def run(
    main: Callable[[int], None],
    kind: str,
    limits: Limits,
    hidden: list[Path],
    files: dict[str, bytes],
    folder: Path,
) -> tuple[int, int]:
    """Start a sandboxed child; return its process id and the end of a pipe to read from.

    Args:
        main: What the child does; it gets the other end of the pipe.
        kind: Of :func:`level`.
        limits: Memory, disk and processes; time is the caller's concern.
        hidden: Folders that must not be seen even if Python lives inside them.
        files: Name -> bytes, written into the child's working folder.
        folder: An empty folder of the caller, for the root of the child's file system.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.setsid()
        die_with_parent()
        _forget_descriptors(writing)
        if kind:
            _behind_walls(main, kind, limits, hidden, files, folder, writing)
        else:
            _without_walls(main, limits, files, folder, writing)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            os.write(writing, f"sandbox: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(70)


def _behind_walls(main, kind, limits, hidden, files, folder, writing) -> None:
    vm_bytes = _virtual_bytes()
    _enter_namespaces(kind)
    owner = FIRST_FREE_ID + os.getpid() if kind == "root" else os.geteuid()
    mounts.build_root(folder, mounts.readable_paths(), hidden, limits.disk_mb)
    student = os.fork()  # the first process of the new namespace of processes
    if student:
        os.close(writing)
        _, status = os.waitpid(student, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.setsid()  # or it could signal the process that waits, which has the same user
    mounts.mount_proc(folder)
    _write_files(Path(f"{folder}{HOME}"), files, owner if kind == "root" else -1)
    os.chroot(folder)
    os.chdir(HOME)
    _use_home(HOME, "/tmp")
    _drop_rights(owner if kind == "root" else None)
    die_with_parent()  # a change of user has cleared it
    _set_limits(limits, vm_bytes, limits.processes)
    main(writing)
    os._exit(0)


def _without_walls(main, limits, files, folder, writing) -> None:
    home = folder / "home"
    home.mkdir()
    _write_files(home, files, -1)
    os.chdir(home)
    _use_home(str(home), str(home))
    _set_limits(limits, _virtual_bytes(), None)
    main(writing)
    os._exit(0)


def _build_walls(kind: str, folder: Path) -> None:
    _enter_namespaces(kind)
    mounts.build_root(folder, [], [], 1)


def _enter_namespaces(kind: str) -> None:
    unshare(NAMESPACES | (CLONE_NEWUSER if kind == "user" else 0), INNER_ID, INNER_ID)


def _drop_rights(owner: int | None) -> None:
    """Become an ordinary user for good, without a way to get a right back."""
    if owner is not None:
        os.setgroups([])
        os.setresgid(owner, owner, owner)
        os.setresuid(owner, owner, owner)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    if _libc().capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "the rights could not be dropped")
    _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _set_limits(limits: Limits, vm_bytes: int, processes: int | None) -> None:
    mega = 2**20
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_FSIZE": limits.disk_mb * mega,
        "RLIMIT_CPU": int(2 * limits.notebook_seconds) + 10,
    }
    if vm_bytes:
        wanted["RLIMIT_AS"] = vm_bytes + limits.memory_mb * mega
    if processes:
        wanted["RLIMIT_NPROC"] = processes
    for name, value in wanted.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _virtual_bytes() -> int:
    """Return the address space that this process has already; 0 where it is not known."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def _forget_descriptors(kept: int) -> None:
    """Close every open file but one; input comes from nowhere and output goes nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for start, end in ((3, kept), (kept + 1, 65_536)):
        os.closerange(start, end)


def die_with_parent() -> None:
    """Request to be ended as soon as the process that started this one has ended."""
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _use_home(home: str, temporary: str) -> None:
    keep = {name: os.environ[name] for name in ("LANG", "LC_ALL", "PATH") if name in os.environ}
    os.environ.clear()
    os.environ.update(keep, HOME=home, TMPDIR=temporary, OMP_NUM_THREADS="1", MPLBACKEND="agg")


def _write_files(home: Path, files: dict[str, bytes], owner: int) -> None:
    for name, data in files.items():
        path = home / Path(name).name
        with contextlib.suppress(OSError):
            path.write_bytes(data)
    if owner >= 0:
        for path in (home, *home.iterdir()):
            os.chown(path, owner, owner)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def kill(child: int) -> None:
    """End a sandboxed child and everything that it has started; wait until it is gone."""
    everything = [child, *descendants(child)]
    for process in everything:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def descendants(process: int) -> list[int]:
    """Return the processes below one, where /proc tells."""
    found, work = [], [process]
    while work:
        one = work.pop()
        with contextlib.suppress(OSError, ValueError):
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            found += map(int, children)
            work += map(int, children)
    return found


def memory_mb(process: int) -> float:
    """Return the memory of a process and all below it; shared pages are divided among users."""
    total = 0
    for one in [process, *descendants(process)]:
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def remove_folder(folder: Path) -> None:
    """Delete a folder that a sandbox has used, whatever it has left there."""
    shutil.rmtree(folder, ignore_errors=True)
