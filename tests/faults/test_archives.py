"""Archives made to harm, or damaged on the way, from a server on this machine: inside and whole, or not."""

import functools
import gzip
import hashlib
import inspect
import io
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
import zlib
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import harm
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colorlib.data.archive import ArchiveError, safe_extract
from colorlib.data.catalog import DatasetSource
from colorlib.data.download import download_dataset

LONG = os.environ.get("FAULTS") == "long"
FILES = {"set/a.txt": b"a" * 700, "set/deep/b.txt": bytes(range(256)), "set/c.txt": b""}


def tar(members, mode="w"):
    """Members: (name, bytes), or (name, kind, where it leads)."""
    with tarfile.open(
        fileobj=(content := io.BytesIO()), mode=mode, format=tarfile.GNU_FORMAT
    ) as file:
        for name, data, *leads in members:
            info = tarfile.TarInfo(name)
            info.size = 0 if leads else len(data)
            if leads:
                info.type, info.linkname = data, leads[0]
            file.addfile(info, None if leads else io.BytesIO(data))
    return content.getvalue()


def zipped(members, mode=0o644):
    with zipfile.ZipFile(content := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr = name, mode << 16
            file.writestr(info, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def header(kind, size, name="set/long"):
    """A tar header that claims a size, in the binary form that allows any, also one below zero."""
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
    block[156:157] = kind
    block[124:136] = (size % 256**12 | (0 if size < 0 else 1 << 95)).to_bytes(12, "big")
    if kind == tarfile.GNUTYPE_SPARSE:  # one piece of nothing, in a file as long as claimed
        block[386:512] = b"%011o\0%011o\0" % (0, 0) + bytes(73) + block[124:136] + bytes(17)
        block[124:136] = b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def overlapping(n=250, size=2**24):
    """A zip whose members all share one block of zeros: small on disk, gigabytes when unpacked."""
    pressed = zlib.compressobj(9, wbits=-15)
    data = pressed.compress(bytes(size)) + pressed.flush()
    sums = struct.pack("<III", zlib.crc32(bytes(size)), len(data), size)
    common = struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sums
    local = b"PK\3\4" + common + struct.pack("<HH", 1, 0) + b"a" + data
    entry = b"PK\1\2" + struct.pack("<H", 20) + common
    entries = [
        entry + struct.pack("<HHHHHII", 7, 0, 0, 0, 0, 0, 0) + b"set/%03d" % k for k in range(n)
    ]
    central = b"".join(entries)
    return (
        local
        + central
        + b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, n, n, len(central), len(local), 0)
    )


GOOD = list(FILES.items())
OUT, LINK = (
    "which leaves the target folder; do not use this file",
    "a link or a device; expected files, do not",
)
TOO_LONG = "a header of 5,000,000,000 bytes"
HOSTILE = {
    "above.zip": (zipped([*GOOD, ("../evil", b"x")]), OUT),
    "above.tar": (tar([*GOOD, ("set/../../evil", b"x")]), OUT),
    "absolute.zip": (zipped([("/tmp/evil", b"x"), *GOOD]), OUT),
    "absolute.tgz": (tar([("/tmp/evil", b"x"), *GOOD], "w:gz"), OUT),
    "drive.zip": (zipped([("C:\\evil", b"x"), *GOOD]), OUT),
    "link out, then through it.tar": (
        tar([("set/up", tarfile.SYMTYPE, ".."), ("set/up/evil", b"x")]),
        LINK,
    ),
    "hard link to a file of yours.tar": (tar([("set/x", tarfile.LNKTYPE, "/etc/passwd")]), LINK),
    "link.zip": (zipped([("set/x", b"/etc/passwd")], 0o120777), "a link; expected files"),
    "device.tar": (tar([("set/x", tarfile.CHRTYPE, "")]), LINK),
    "pipe.tbz": (tar([("set/x", tarfile.FIFOTYPE, "")], "w:bz2"), LINK),
    "bomb.zip": (overlapping(), "more than 1,000,000 bytes at 'set/000'"),
    "bomb.txz": (
        tar([("set/zeros", bytes(30_000_000))], "w:xz"),
        "more than 1,000,000 bytes at 'set/zeros'",
    ),
    "sparse.tar": (
        header(tarfile.GNUTYPE_SPARSE, 10**12) + bytes(1024),
        "more than 1,000,000 bytes",
    ),
    "many.tar": (
        tar([(f"set/{k}", b"") for k in range(120)]),
        "more than 100 members at 'set/100'",
    ),
    "first byte lost.zip": (
        zipped(GOOD)[1:],
        "cannot be unpacked after 'set/a.txt'",
    ),  # found by fuzzing
    "endless name.tar": (tar([("set/" + "n" * 300, b"x")]), "File name too long"),
    "below zero.tar": (header(b"0", -512) + bytes(1024), "a header of -512 bytes"),
    "name below zero.tar": (header(b"L", -512) + bytes(1024), "a header of -512 bytes"),
    **{
        f"long {kind}.tar": (header(kind.encode(), 5 * 10**9) + bytes(2048), TOO_LONG)
        for kind in "LKxgX"
    },
}


def everything(root):
    return {
        path.relative_to(root).as_posix(): path.is_dir() or path.read_bytes()
        for path in root.rglob("*")
    }


@pytest.fixture
def served(tmp_path):
    """Put an archive on a server; yields a function that fetches it into a folder."""
    (tmp_path / "www").mkdir()
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "www"))
    handler.log_message = lambda *args: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def get(data):
            (tmp_path / "www/set.bin").write_bytes(data)
            address = f"http://127.0.0.1:{server.server_port}/set.bin"
            known = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            return download_dataset(
                DatasetSource("set", "", [address], "", "", **known),
                tmp_path / "deep/out",
                progress=False,
            )

        yield get
        server.shutdown()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_writes_nothing(name, served, tmp_path, monkeypatch, tried):
    data, words = HOSTILE[name]
    plain = inspect.unwrap(safe_extract)
    monkeypatch.setattr(
        plain, "__kwdefaults__", plain.__kwdefaults__ | {"max_bytes": 10**6, "max_files": 100}
    )
    with pytest.raises(ArchiveError) as refused:
        served(data)
    said = str(refused.value)
    assert said.startswith(f"{tmp_path}/deep/out/set.bin ") and words in said and "\n" not in said
    left = set(everything(tmp_path)) - {
        "www",
        "www/set.bin",
        "deep",
        "deep/out",
        "deep/out/set.bin",
    }
    tried("hostile archive", 1, len(left) + Path("/tmp/evil").exists())


LIMITED = """
import resource, sys
from colorlib.data.archive import ArchiveError, safe_extract
import lzma, bz2, gzip
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 200_000_000,) * 2)
for archive in sys.argv[1:]:
    try:
        safe_extract(archive, archive + ".out", max_bytes=10**12)
        print("unpacked")
    except ArchiveError as error:
        print(error)
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="only Linux says what a process holds"
)
def test_what_is_small_on_disk_stays_small_in_memory(tmp_path, long, tried):
    """A name of gigabytes, in a file of megabytes, in a process that may take 200 MB more."""
    pieces = 256 if long else 16
    size = pieces * 2**25
    pressed = gzip.compress(header(b"L", size)) + pieces * gzip.compress(bytes(2**25))
    (tmp_path / "name.tgz").write_bytes(pressed)
    assert len(pressed) < size / 900
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "name.tgz"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    refused = f"(a header of {size:,} bytes); delete it and fetch it again" in done.stdout
    tried("hostile archive", 1, int(not refused))


KINDS = {
    "zip": zipped(GOOD),
    "tar": tar(GOOD),
    "tgz": tar(GOOD, "w:gz"),
    "tbz": tar(GOOD, "w:bz2"),
    "txz": tar(GOOD, "w:xz"),
    "links": tar([("set/a", b"a"), ("set/b", tarfile.SYMTYPE, "a"), ("set/" + "long" * 40, b"x")]),
    "pax": tar([("set/ä" + "ö" * 60, b"a")])
    + header(b"x", 20)
    + b"20 path=set/other.a\n".ljust(512, b"\0"),
}


@st.composite
def damaged(draw):
    data = bytearray(KINDS[draw(st.sampled_from(sorted(KINDS)))])
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from([*harm.KINDS, "dots"]))
        harm.harm(draw, data, at, how)
        if how == "dots" and b"set/" in data:
            data[data.index(b"set/") :][:4] = b"../."
            data = data.replace(b"set/", b"../.", draw(st.integers(1, 4)))
    return bytes(data)


def test_damaged_archives_stay_inside_and_are_told(tried):
    """Unpacked into the target, or one sentence and no target; around it nothing appears."""
    count = 0
    searching = settings(max_examples=2500 if LONG else 60, deadline=None, database=None,
                         derandomize=not LONG, suppress_health_check=list(HealthCheck))  # fmt: skip

    @searching
    @given(damaged())
    def search(data):
        nonlocal count
        count += 1
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / "set.bin").write_bytes(data)
            with suppress(ArchiveError, OSError):
                safe_extract(root / "set.bin", root / "in/target", max_bytes=10**6)
            kept = (
                {path.name for path in (root / "in").iterdir()} if (root / "in").exists() else set()
            )
            assert kept <= {"target"} and {path.name for path in root.iterdir()} <= {
                "set.bin",
                "in",
            }
            assert not any(path.is_symlink() for path in root.rglob("*"))
            try:
                safe_extract(root / "set.bin", root / "again", max_bytes=10**6)
                assert (root / "in/target").is_dir()
            except ArchiveError as error:
                assert re.fullmatch(r"/\S+ [^\n]+\.", str(error)) and not kept

    search()
    tried("fuzzed archive", count)
