"""Extraction writes only below the target, and a half-extracted archive never looks complete."""

import io
import random
import signal
import subprocess
import sys
import tarfile
import zipfile

import pytest

from colorlib.data import archive as archive_module
from colorlib.data.archive import ArchiveError, safe_extract
from colorlib.io import files

LINKS = {
    "symlink": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "fifo": tarfile.FIFOTYPE,
}
FOLDER = "folder"
LINK = "link"


def make_tar(path, members, mode="w:gz", link=tarfile.SYMTYPE):
    with tarfile.open(path, mode) as file:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
            else:
                info.type = tarfile.DIRTYPE if content == FOLDER else link
                info.linkname = "a.txt"
                file.addfile(info)
    return path


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would clean it
            if content == LINK:
                info.external_attr, content = 0o120777 << 16, b"a.txt"
            file.writestr(info, content)
    return path


GOOD = [("set/a.txt", b"a" * 1000), ("set/sub/b.txt", b"b"), ("./set/c.txt", b"")]
KINDS = {
    "zip": make_zip,
    "tar": lambda path, members: make_tar(path, members, "w"),
    "tgz": make_tar,
    "txz": lambda path, members: make_tar(path, members, "w:xz"),
}


@pytest.fixture(params=KINDS)
def make(request, tmp_path):
    return lambda members: KINDS[request.param](tmp_path / "archive.bin", members)


@pytest.fixture
def target(tmp_path):
    """Return the target; afterwards nothing else may exist next to it or above it."""
    inner = tmp_path / "deep" / "er"
    yield inner / "target"
    assert {path.name for path in tmp_path.iterdir()} <= {"archive.bin", "deep"}
    assert {path.name for path in inner.iterdir()} <= {"target"} if inner.exists() else True


def test_extract_writes_all_members(make, target):
    assert safe_extract(make(GOOD), str(target)) == target
    files = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    assert files == {"set/a.txt": b"a" * 1000, "set/sub/b.txt": b"b", "set/c.txt": b""}


def test_extract_creates_folders_of_their_own(tmp_path, target):
    archive = make_tar(tmp_path / "archive.bin", [("empty", FOLDER), *GOOD, ("set", FOLDER)])
    assert (safe_extract(archive, target) / "empty").is_dir()


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "set/../../evil.txt",
        "..",
        "/evil.txt",
        "//host/share/evil",
        "C:/evil.txt",
        "C:evil.txt",
        "..\\evil.txt",
        "\\evil.txt",
        "set\\..\\..\\evil.txt",
    ],
)
def test_extract_path_outside_the_target_is_refused(make, target, name):
    with pytest.raises(
        ArchiveError, match=r"archive\.bin holds '.*', which leaves the target folder"
    ):
        safe_extract(make([*GOOD, (name, b"evil")]), target)
    assert not target.exists()


@pytest.mark.parametrize("kind", LINKS)
def test_extract_tar_link_or_device_is_refused(tmp_path, target, kind):
    members = [*GOOD, ("set/link", LINK), ("set/link/x", b"x")]
    archive = make_tar(tmp_path / "archive.bin", members, link=LINKS[kind])
    with pytest.raises(ArchiveError, match=r"holds 'set/link', a link or a device"):
        safe_extract(archive, target)
    assert not target.exists()


def test_extract_zip_link_is_refused(tmp_path, target):
    with pytest.raises(ArchiveError, match="holds 'set/link', a link"):
        safe_extract(make_zip(tmp_path / "archive.bin", [*GOOD, ("set/link", LINK)]), target)


def test_extract_encrypted_zip_is_refused(tmp_path, target):
    archive = make_zip(tmp_path / "archive.bin", GOOD)
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"holds 'set/a\.txt', encrypted"):
        safe_extract(archive, target)


def test_extract_bomb_is_refused(make, target):
    bomb = make([("a.txt", b"a"), ("zeros.bin", bytes(3_000_000))])
    assert bomb.stat().st_size < 20_000 or bomb.stat().st_size > 3_000_000  # all but the plain tar
    with pytest.raises(ArchiveError, match=r"more than 2,000,000 bytes at 'zeros\.bin'"):
        safe_extract(bomb, target, max_bytes=2_000_000)
    with pytest.raises(ArchiveError, match=r"more than 1 members at 'zeros\.bin'"):
        safe_extract(bomb, target, max_files=1)
    assert safe_extract(bomb, target, max_bytes=3_000_001, max_files=2) == target


def test_extract_zip_with_wrong_size_is_refused(tmp_path, target):
    archive = make_zip(tmp_path / "archive.bin", [("zeros.bin", bytes(3_000_000))])
    data = archive.read_bytes().replace(
        (3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    )
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"cannot be unpacked after 'zeros\.bin'"):
        safe_extract(archive, target, max_bytes=100)
    assert not target.exists()


@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b", "a")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_extract_name_twice_is_refused(make, target, names):
    with pytest.raises(ArchiveError, match=r"archive\.bin holds '.*' twice"):
        safe_extract(make([(name, b"x") for name in names]), target)
    assert not target.exists()


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_extract_truncated_archive_is_refused(make, target, cut):
    archive = make([(f"{i}.bin", random.Random(i).randbytes(50_000)) for i in range(4)])
    archive.write_bytes(archive.read_bytes()[: int(cut * archive.stat().st_size)])
    with pytest.raises(ArchiveError, match="delete it and fetch it again"):
        safe_extract(archive, target)
    assert not target.exists()


def test_extract_damaged_zip_is_refused(tmp_path, target):
    archive = make_zip(tmp_path / "archive.bin", GOOD)
    data = bytearray(archive.read_bytes())
    data[45] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"cannot be unpacked after 'set/a\.txt'"):
        safe_extract(archive, target)


@pytest.mark.parametrize("content", [b"", b"hello", b"<!doctype html>"])
def test_extract_other_file_is_refused(tmp_path, target, content):
    (tmp_path / "archive.bin").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"archive\.bin cannot be unpacked"):
        safe_extract(tmp_path / "archive.bin", target)


def test_extract_missing_archive_or_used_target_is_refused(tmp_path, target):
    with pytest.raises(FileNotFoundError, match="expected an archive"):
        safe_extract(tmp_path / "archive.bin", target)
    target.mkdir(parents=True)
    (target / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        safe_extract(make_zip(tmp_path / "archive.bin", GOOD), target)
    assert (target / "mine.txt").read_text() == "mine"


def test_extract_full_disk_is_not_called_damage(make, target, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        safe_extract(make(GOOD), target)


def test_extract_validate_can_refuse(make, target):
    seen = []

    def validate(folder):
        seen.append(len(list(folder.rglob("*.txt"))))
        assert not target.exists()
        raise ArchiveError("too few")

    archive = make(GOOD)
    with pytest.raises(ArchiveError, match="too few"):
        safe_extract(archive, target, validate=validate)
    assert seen == [3] and not target.exists()


def test_extract_waits_while_a_virus_scanner_reads(make, target, open_elsewhere):
    open_elsewhere["replace"] = 2
    assert safe_extract(make(GOOD), target) == target
    assert open_elsewhere["replace"] < 0 and len(list(target.rglob("*.txt"))) == 3


def test_extract_folder_that_stays_open_is_refused(make, target, open_elsewhere):
    open_elsewhere["replace"] = 99
    with pytest.raises(PermissionError, match=r"cannot be written: another program has it open"):
        safe_extract(make(GOOD), target)
    assert not target.exists() and not list(target.parent.glob(".colorlib-*"))
    open_elsewhere["replace"] = 0
    assert safe_extract(make(GOOD), target) == target


def test_extract_does_not_wait_elsewhere(make, target, open_elsewhere, monkeypatch):
    monkeypatch.setattr(files, "_IS_WINDOWS", False)
    open_elsewhere["replace"] = 1
    with pytest.raises(PermissionError, match="The process cannot access the file"):
        safe_extract(make(GOOD), target)


KILLED = """
import sys, time
from colorlib.data import archive
copy = archive.shutil.copyfileobj
def copy_slowly(*args):
    copy(*args)
    print("copied", flush=True)
    time.sleep(0.2)
archive.shutil.copyfileobj = copy_slowly
archive.safe_extract(sys.argv[1], sys.argv[2])
"""


def test_killed_extraction_leaves_no_target(tmp_path):
    archive = make_tar(tmp_path / "archive.bin", [(f"{i}.txt", b"x") for i in range(30)])
    command = [sys.executable, "-c", KILLED, str(archive), str(tmp_path / "target")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"copied\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left,) = [path for path in tmp_path.iterdir() if path != archive]
    assert left.name.startswith(".colorlib-") and 1 <= len(list(left.iterdir())) < 30
    assert len(list(safe_extract(archive, tmp_path / "target").iterdir())) == 30
