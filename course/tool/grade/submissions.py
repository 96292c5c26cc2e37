"""Find the files that students handed in, and read from their paths who sent what.

Canvas, Moodle and Google Classroom write names and ids into the names of files and folders:

    Canvas      doejane_LATE_10234_555123_03_patchgan-1.ipynb
    Moodle      Jane Doe_10234_assignsubmission_file/03_patchgan.ipynb
    Classroom   Jane Doe - 03_patchgan.ipynb
"""

from __future__ import annotations

import io
import itertools
import os
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course.tool.cli import CourseError
from course.tool.grade.notebook_file import MAX_BYTES

JUNK = re.compile(r"^(\..*|__MACOSX|__pycache__|Thumbs\.db|desktop\.ini)$")
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)$")
CANVAS = re.compile(r"^(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)$")
CLASSROOM = re.compile(r"^(?P<name>[^\d]+?) - (?P<file>.+)$")
RESUBMITTED = re.compile(r"-(\d{1,2})(?=\.\w+$)")  # Canvas numbers what is sent again
NOISE = re.compile(r"(?i)\bcopy of\b|-copy\d*|\(\d+\)|\blesson[\s_-]*\d+\b|\bsolved\b|\bfinal\b")
EXTRA_BYTES = 20 * 2**20  # of other files that a student may send along
MAX_FILES = 20_000


@dataclass(frozen=True)
class FoundFile:
    """A file in a folder or an archive.

    Args:
        path: Inside the submissions, for people to find it.
        data: Its bytes; empty if it is longer than a notebook may be.
        time: When it was written, in seconds; from an archive, of the archive's clock.
        size: Of the file, in bytes.
    """

    path: PurePosixPath
    data: bytes
    time: float
    size: int


@dataclass(frozen=True)
class Submission:
    """A file that one student handed in, and the other files of that student."""

    student: str
    id: str
    path: str
    file_name: str
    data: bytes
    time: float
    attempt: int = 0
    late: bool = False
    size: int = 0
    extras: dict[str, bytes] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The value that tells students apart: the id if there is one, else the name."""
        return self.id or self.student

    @property
    def age(self) -> tuple[int, float, str]:
        """Sort key: the newest submission comes last."""
        return self.attempt, self.time, self.path


def find_submissions(source: Path, lesson_names: Iterable[str]) -> list[Submission]:
    """Return every submission below a folder, or in a zip archive, in the order of their paths.

    Raises:
        CourseError: If there is no such folder or archive, or no file in it.
    """
    if source.is_dir():
        files = list(_walk(source))
    elif zipfile.is_zipfile(source):
        files = list(_unzip(source.read_bytes(), PurePosixPath()))
    elif source.suffix == ".ipynb" and source.is_file():
        files = [_from_disk(source, PurePosixPath(source.name))]
    else:
        text = f"{source} is not a folder, a zip archive or a notebook: check the path."
        raise CourseError(text)
    if not files:
        raise CourseError(f"{source} holds no file: check the path.")
    files = sorted(files, key=lambda file: file.path)
    common = _common_folder(file.path for file in files)
    names = list(lesson_names)
    fallback = common.name or source.stem
    found = [_identify(file, file.path.relative_to(common), names, fallback) for file in files]
    return _attach_extras(found)


def _walk(folder: Path) -> Iterator[FoundFile]:
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not JUNK.match(name))
        for name in sorted(names):
            path = Path(parent, name)
            if JUNK.match(name) or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise CourseError(f"{folder} holds more than {MAX_FILES} files: check the path.")
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
                yield from _unzip(path.read_bytes(), relative)
            else:
                yield _from_disk(path, relative)


def _from_disk(path: Path, relative: PurePosixPath) -> FoundFile:
    status = path.stat()
    data = path.read_bytes() if status.st_size <= MAX_BYTES else b""
    return FoundFile(relative, data, status.st_mtime, status.st_size)


def _unzip(data: bytes, inside: PurePosixPath, depth: int = 0) -> Iterator[FoundFile]:
    """Yield the files of an archive; no name in it is ever used as a path on this machine."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist()[:MAX_FILES]:
            parts = [part for part in PurePosixPath(info.filename).parts if part not in ("/", "..")]
            if info.is_dir() or not parts or any(JUNK.match(part) for part in parts):
                continue
            path = inside.joinpath(*parts)
            try:
                small = info.file_size <= MAX_BYTES
                content = archive.read(info) if small else b""
            except (RuntimeError, zipfile.BadZipFile, NotImplementedError, OSError, EOFError):
                content = b""  # encrypted or damaged
            if path.suffix.lower() == ".zip" and depth < 2 and zipfile.is_zipfile(_file(content)):
                yield from _unzip(content, path, depth + 1)
            else:
                seconds = time.mktime((*info.date_time, 0, 0, -1))
                yield FoundFile(path, content, seconds, info.file_size)


def _file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def _common_folder(paths: Iterable[PurePosixPath]) -> PurePosixPath:
    """Return the folder that holds everything; a student's own folder does not count."""
    parents = [path.parent.parts for path in paths]
    shared = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*parents, strict=False))
    common = tuple(parts[0] for parts in shared)
    while common and (MOODLE.match(common[-1]) or CANVAS.match(common[-1])):
        common = common[:-1]
    return PurePosixPath(*common)


def _identify(file: FoundFile, path: PurePosixPath, lessons: list[str], fallback: str):
    """Return the submission of a file, from the forms that the platforms give their names."""
    facts = {"path": str(file.path), "data": file.data, "time": file.time, "size": file.size}
    for part in path.parts:
        if match := MOODLE.match(part):
            name = match["file"] or path.name
            return Submission(match["name"], match["id"], file_name=name, **facts)
    for part in reversed(path.parts):
        if match := CANVAS.match(PurePosixPath(part).name):
            again = RESUBMITTED.search(path.name)
            return Submission(
                match["name"],
                match["id"],
                file_name=match["file"] if part == path.name else path.name,
                attempt=int(again[1]) if again else 0,
                late=bool(match["late"]),
                **facts,
            )
    if match := CLASSROOM.match(path.name):
        return Submission(match["name"].strip(), "", file_name=match["file"], **facts)
    folders = [part for part in path.parent.parts if _strip(part, lessons)]
    student = folders[0] if folders else _strip(path.stem, lessons)
    student = PurePosixPath(student).stem if student.endswith(".zip") else student
    return Submission(student or fallback, "", file_name=path.name, **facts)


def _strip(text: str, lessons: list[str]) -> str:
    """Return what is left of a name without the names of lessons and the like."""
    for name in sorted(lessons, key=len, reverse=True):
        text = re.sub(rf"(?i){name}|{name[3:]}", " ", text)
    return re.sub(r"[\s_]+", " ", NOISE.sub(" ", text)).strip(" -_.")


def is_notebook(submission: Submission) -> bool:
    """Return whether a file was meant as a notebook: by its name, also with one ending too many."""
    return ".ipynb" in submission.file_name.lower()


def _attach_extras(found: list[Submission]) -> list[Submission]:
    """Return notebooks with the other files of their student, and files without a notebook."""
    notebooks = [one for one in found if is_notebook(one)]
    others: dict[str, list[Submission]] = {}
    for one in found:
        if not is_notebook(one):
            others.setdefault(one.key, []).append(one)
    result = []
    for one in notebooks:
        extras = {other.file_name: other.data for other in others.get(one.key, [])}
        if sum(map(len, extras.values())) <= EXTRA_BYTES:
            one.extras.update(extras)
        result.append(one)
    with_notebook = {one.key for one in notebooks}
    return result + [
        one for key, files in sorted(others.items()) if key not in with_notebook for one in files
    ]
