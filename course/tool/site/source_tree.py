"""The source tree of the site, ``.source/``: the notebooks and texts, adapted for Sphinx."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

from course.tool import gallery, notebooks
from course.tool.course_config import Course
from course.tool.files import find_files
from course.tool.lints.links import targets
from course.tool.site import home, library, notebook

SOURCE = ".source"
INDEXES = Path(__file__).parent / "indexes"  # the index page of each folder of the site
TEXTS = ("CONTRIBUTING.md", "CHANGELOG.md", "course/*.md")
LIST = "<!-- list -->"  # the place of an index page's cards or tables
FIRST_HEADING = re.compile(r"(?m)^# .+$|^.+(?=\n=+\n)")


def write(source: Path, files: Mapping[str, bytes]) -> Path:
    """Write the tree into a folder, remove outdated files from it, and return the folder."""
    for path, data in files.items():
        if not (source / path).exists() or (source / path).read_bytes() != data:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if path.relative_to(source).as_posix() not in files:
            path.unlink()
    return source


def pages(root: Path, course: Course, more: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """Return every file of the tree: its path and its content; without solutions if root has none.

    Args:
        root: The course, or the course as students get it.
        course: The configuration.
        more: Further pages in Markdown: the path and the text of each.
    """
    newest, books = {}, {}
    for name in (lesson.name for lesson in course.lessons):
        lesson = notebooks.read(root / f"lessons/{name}.ipynb")
        options = {"name": name, "with_scripts": home.COLOUR_PAGE in (more or {})}
        books[f"lessons/{name}.ipynb"] = notebook.adapt(lesson, course, **options)
        if (root / "solutions").is_dir():
            newest[name] = newest_solution(root, name)
            solved = notebook.adapt(newest[name], course, solved=True, **options)
            books[f"solutions/{name}.ipynb"] = solved
    texts = dict(more or {})
    menu = [f"/{path.removesuffix('.md')}" for path in texts]
    menu += [f"/{part}/index" for part in ("lessons", *(["solutions"] if newest else []))]
    menu += ["/course/index", "/library/index"]
    if (root / gallery.FOLDER / "gallery.md").exists():  # `python -m course gallery` made it
        menu.append("/gallery/gallery")
    can_colour = home.COLOUR_PAGE in texts
    texts["index.md"] = home.page(root, course, newest, menu, can_colour=can_colour)
    for path in find_files(root, TEXTS):
        text = notebook.adapt_links(path.read_text("utf-8"), course)
        texts[path.relative_to(root).as_posix()] = text
    lists = {"library": library.index(root)}
    for folder in ("lessons", "solutions"):
        lists[folder] = home.cards(root, course, newest, folder=folder, up="../")
    for path in INDEXES.glob("*.md"):
        if (root / path.stem).is_dir() or path.stem == "library":
            lines = path.read_text("utf-8").splitlines(keepends=True)
            named = [(line, line.strip("/\n") + ".md") for line in lines]
            kept = [line for line, file in named if line[0] != "/" or file in texts]
            text = "".join(kept).replace(LIST, lists.get(path.stem, ""))
            texts[f"{path.stem}/index.md"] = text
    prose = texts | {path: notebook.prose(nb) for path, nb in books.items()}
    texts |= {path: notebooks.dumps(nb) for path, nb in books.items()} | library.pages(root)
    files = {path: text.encode() for path, text in texts.items()} | linked_files(root, prose)
    for path in (root / gallery.FOLDER).glob("*"):
        files[f"gallery/{path.name}"] = path.read_bytes()
    return files | home.pictures()


def navigation(files: Mapping[str, bytes]) -> str:
    """Return a hash of what every page shows of the other pages: the menu, and all titles.

    Sphinx writes only those pages again whose source has changed. If this value has changed, it has
    to write all of them.
    """
    titles = [files["index.md"].decode().rpartition("{toctree}")[2]]
    for path, data in sorted(files.items()):
        if path.endswith((".md", ".rst", ".ipynb")):
            text = data.decode()
            if path.endswith(".ipynb"):
                text = notebook.prose(notebooks.parse(text, path))
            titles.append(path + "".join(FIRST_HEADING.findall(text)[:1]))
    return hashlib.sha256("\n".join(titles).encode()).hexdigest()


def newest_solution(root: Path, name: str) -> NotebookNode:
    """Return a solution as it was last executed; if it has changed since, with stored outputs."""
    stored = notebooks.read(root / f"solutions/{name}.ipynb")
    if not (root / f"build/solutions/{name}.ipynb").exists():
        return stored
    executed = notebooks.read(root / f"build/solutions/{name}.ipynb")
    ran = [cell for cell in executed.cells if "injected-parameters" not in notebooks.tags(cell)]
    sources = [[(cell.id, cell.source) for cell in cells] for cells in (ran, stored.cells)]
    return executed if sources[0] == sources[1] else stored


def linked_files(root: Path, prose: dict[str, str]) -> dict[str, bytes]:
    """Return the files of the project that pages link to or show: pictures, licences, modules."""
    found = {}
    root = root.resolve()
    for path, text in prose.items():
        for target in targets(text):
            file = (root / path).parent.joinpath(unquote(target.partition("#")[0])).resolve()
            if file.is_file() and file.is_relative_to(root):
                name = file.relative_to(root).as_posix()
                if name not in prose:
                    found[name] = file.read_bytes()
    return found
