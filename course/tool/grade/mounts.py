"""The file system of a sandbox: Python and its packages, read-only, and an empty private folder."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8  # sys/mount.h
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
)
# Of /etc only what programs need to start.
CONFIGURATION = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/nsswitch.conf",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
WRITABLE = ("home/student", "tmp", "dev/shm")


def readable_paths() -> list[Path]:
    """Return what a sandbox may read: the system's programs, Python, its packages, colorlib."""
    import colorlib

    library = Path(colorlib.__file__).resolve().parent
    prefixes = [
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        Path(sys.executable).resolve().parents[1],
    ]
    packages = [path for path in sys.path if "site-packages" in path or "dist-packages" in path]
    wanted = [Path(path) for path in (*SYSTEM, *CONFIGURATION, *prefixes, *packages, library)]
    return [path for path in wanted if path.exists() and path != Path("/")]


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="course-grade-") as folder:
        yield Path(folder).resolve()


def build_root(
    folder: Path, readable: Iterable[Path], hidden: Iterable[Path], disk_mb: int
) -> None:
    """Mount a file system in ``folder`` that holds ``readable``, read-only, and writable folders.

    Args:
        folder: An empty folder.
        readable: Files and folders; each appears under its own path.
        hidden: Folders that are covered by an empty one if they are inside a readable one.
        disk_mb: The size of all writable folders together.

    Raises:
        OSError: If the machine forbids a mount.
    """
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount(
        "tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={disk_mb}m,nr_inodes=20k,mode=755"
    )
    done: list[Path] = []
    for path in sorted(set(readable), key=lambda path: (len(path.parts), path)):
        if path.is_symlink() and path.parent == Path("/"):  # /lib -> usr/lib
            _inside(folder, path).symlink_to(os.readlink(path))
        elif not any(path.is_relative_to(parent) for parent in done):
            _bind(path, _inside(folder, path))
            done.append(path)
    for device in DEVICES:
        if Path(device).exists():
            _bind(Path(device), _inside(folder, Path(device)), read_only=False)
    for path in hidden:
        inside = _inside(folder, path)
        if inside.is_dir():
            _mount("tmpfs", inside, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k")
        elif inside.is_file():
            _mount("/dev/null", inside, None, MS_BIND)
    for name in WRITABLE:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o1777)
    (folder / "proc").mkdir()


def mount_proc(folder: Path) -> None:
    """Mount the list of processes of this namespace; it stays empty where that is forbidden."""
    with contextlib.suppress(OSError):
        _mount("proc", folder / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _inside(folder: Path, path: Path) -> Path:
    return folder / path.relative_to("/")


def _bind(path: Path, target: Path, read_only: bool = True) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    _mount(path, target, None, MS_BIND | MS_REC)
    if not read_only:
        return
    real = str(target)
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4].encode().decode("unicode_escape")
        if point == real or point.startswith(f"{real}/"):
            flags = os.statvfs(point).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048)
            _mount("none", point, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)


def _mount(source, target, kind: str | None, flags: int, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [os.fsencode(word) if word else None for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None):
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)} (mount {target})")
