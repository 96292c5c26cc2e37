"""Hostile and damaged archives: extracted into the target completely, or not at all."""

import gzip
import io
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from byte_corruption import KINDS, corrupted
from hypothesis import given

from colorlib.data.archive import ArchiveError, safe_extract

FILES = {"set/a.txt": b"a" * 700, "set/deep/b.txt": bytes(range(256)), "set/c.txt": b""}


def make_tar(files, mode="w", links=()):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode, format=tarfile.GNU_FORMAT) as file:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            file.addfile(info)
    return content.getvalue()


def make_zip(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def make_header(kind, size):
    """Return a tar header that claims a size in binary, which allows any, also a negative one."""
    block = bytearray(tarfile.TarInfo("set/long").tobuf(tarfile.GNU_FORMAT))
    claimed = (size % 256**12 | (0 if size < 0 else 1 << 95)).to_bytes(12, "big")
    block[156:157] = kind
    block[124:136] = claimed
    if kind == tarfile.GNUTYPE_SPARSE:  # an empty piece, in a file as long as claimed
        block[386:512] = b"%011o\0%011o\0" % (0, 0) + bytes(73) + claimed + bytes(17)
        block[124:136] = b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def make_overlapping_zip(n=250, size=2**24):
    """Return a zip whose members share one block of zeros: small on disk, gigabytes extracted."""
    compressor = zlib.compressobj(9, wbits=-15)
    data = compressor.compress(bytes(size)) + compressor.flush()
    common = struct.pack("<HHHHH", 20, 0, 8, 0, 0x21)
    common += struct.pack("<III", zlib.crc32(bytes(size)), len(data), size)
    local = b"PK\3\4" + common + struct.pack("<HH", 1, 0) + b"a" + data
    entry = b"PK\1\2" + struct.pack("<H", 20) + common
    entry += struct.pack("<HHHHHII", 7, 0, 0, 0, 0, 0, 0)
    central = b"".join(entry + b"set/%03d" % k for k in range(n))
    end = struct.pack("<HHHHIIH", 0, 0, n, n, len(central), len(local), 0)
    return local + central + b"PK\5\6" + end


TOO_LARGE = "more than 1,000,000 bytes"
ZEROS = {"set/zeros": bytes(30_000_000)}
# name: (archive, words of the error)
HOSTILE = {
    "link to a parent.tar": (make_tar({}, links=[("set/up", "..")]), "a link or a device"),
    "bomb.zip": (make_overlapping_zip(), f"{TOO_LARGE} at 'set/000'"),
    "bomb.txz": (make_tar(ZEROS, "w:xz"), f"{TOO_LARGE} at 'set/zeros'"),
    "sparse.tar": (make_header(tarfile.GNUTYPE_SPARSE, 10**12) + bytes(1024), TOO_LARGE),
    "long name.tar": (make_tar({"set/" + "n" * 300: b"x"}), "File name too long"),
    # found by fuzzing
    "first byte lost.zip": (make_zip(FILES)[1:], "cannot be unpacked after 'set/a.txt'"),
    "negative size.tar": (make_header(b"0", -512) + bytes(1024), "a header of -512 bytes"),
    "negative name.tar": (make_header(b"L", -512) + bytes(1024), "a header of -512 bytes"),
}
for kind in "LKxgX":
    archive = make_header(kind.encode(), 5 * 10**9) + bytes(2048)
    HOSTILE[f"long {kind}.tar"] = archive, "a header of 5,000,000,000 bytes"


@pytest.mark.parametrize("name", HOSTILE)
def test_extract_hostile_archive_writes_nothing(name, tmp_path, record_trials):
    data, words = HOSTILE[name]
    path = tmp_path / "deep/set.bin"
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(ArchiveError) as refused:
        safe_extract(path, tmp_path / "deep/out", max_bytes=10**6)
    message = str(refused.value)
    assert message.startswith(f"{path} ") and words in message and "\n" not in message
    left = [path.name for path in tmp_path.rglob("*")]
    record_trials("hostile archive", 1, sorted(left) != ["deep", "set.bin"])


LIMITED = """
import bz2, gzip, lzma, resource, sys
from colorlib.data.archive import ArchiveError, safe_extract
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 200_000_000,) * 2)
try:
    safe_extract(sys.argv[1], sys.argv[1] + ".out", max_bytes=10**12)
except ArchiveError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc of Linux")
def test_extract_long_name_takes_no_memory(tmp_path, long, record_trials):
    """A name of gigabytes, in a file of megabytes, in a process that may take 200 MB more."""
    pieces = 256 if long else 16
    size, path = pieces * 2**25, tmp_path / "name.tgz"
    path.write_bytes(gzip.compress(make_header(b"L", size)) + pieces * gzip.compress(bytes(2**25)))
    assert path.stat().st_size < size / 900
    command = [sys.executable, "-c", LIMITED, path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    refused = f"(a header of {size:,} bytes); delete it and fetch it again" in done.stdout
    record_trials("hostile archive", 1, not refused)


PAX = make_header(b"x", 20) + b"20 path=set/other.a\n".ljust(512, b"\0")
SEEDS = {
    "zip": make_zip(FILES),
    "tar": make_tar(FILES),
    "tgz": make_tar(FILES, "w:gz"),
    "tbz": make_tar(FILES, "w:bz2"),
    "txz": make_tar(FILES, "w:xz"),
    "links": make_tar({"set/" + "long" * 40: b"x"}, links=[("set/b", "a")]),
    "pax": make_tar({"set/ä" + "ö" * 60: b"a"}) + PAX,
}


def test_extract_damaged_archive_is_complete_or_refused(fuzzing, record_trials):
    count = 0

    @fuzzing(short=60, long=2500)
    @given(corrupted(SEEDS, [*KINDS, "dots"]))
    def search(data):
        nonlocal count
        count += 1
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            path, target = root / "set.bin", root / "in/target"
            path.write_bytes(data)
            with suppress(ArchiveError, OSError):
                safe_extract(path, target, max_bytes=10**6)
            assert {path.name for path in root.iterdir()} <= {"set.bin", "in"}
            assert {path.name for path in root.glob("in/*")} <= {"target"}
            assert not any(path.is_symlink() for path in root.rglob("*"))
            try:
                safe_extract(path, root / "again", max_bytes=10**6)
                assert target.is_dir()
            except ArchiveError as error:
                assert re.fullmatch(r"/\S+ [^\n]+\.", str(error)) and not target.exists()

    search()
    record_trials("fuzzed archive", count)
