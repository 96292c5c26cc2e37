"""The source tree of the site, ``.source/``: the notebooks and texts, adapted for Sphinx."""

from __future__ import annotations

import re
from datetime import date
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from urllib.parse import unquote

from nbformat import NotebookNode

from course.tool import gallery, markdown, notebooks, placeholders
from course.tool.course_config import Course, Lesson
from course.tool.files import find_files
from course.tool.lints.links import targets
from course.tool.site import notebook

SOURCE = ".source"
INDEXES = Path(__file__).parent / "indexes"  # the index page of each folder of the site
TEXTS = ("CONTRIBUTING.md", "CHANGELOG.md", "course/*.md")
NOT_DOCUMENTED = re.compile(r"/(_\w*|__main__|lesson\d\d\w*)\.py$")  # exercises are not a library
CONTENTS = """

```{{toctree}}
:hidden:

{}
```
"""


def write(root: Path, source: Path, course: Course, more: dict[str, str] | None = None) -> Path:
    """Write the tree into a folder, remove outdated files from it, and return the folder.

    Args:
        root: The course, or the course as students get it.
        source: The folder.
        course: The configuration.
        more: Further pages: the path and the text of each.
    """
    files = pages(root, course) | {path: text.encode() for path, text in (more or {}).items()}
    for path, data in files.items():
        if not (source / path).exists() or (source / path).read_bytes() != data:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if path.relative_to(source).as_posix() not in files:
            path.unlink()
    return source


def pages(root: Path, course: Course) -> dict[str, bytes]:
    """Return every file of the tree: its path and its content; without solutions if root has none.

    Args:
        root: The course, or the course as students get it.
        course: The configuration.
    """
    newest, books = {}, {}
    for name in (lesson.name for lesson in course.lessons):
        lesson = notebooks.read(root / f"lessons/{name}.ipynb")
        books[f"lessons/{name}.ipynb"] = notebook.adapt(lesson, course)
        if (root / "solutions").is_dir():
            newest[name] = newest_solution(root, name)
            books[f"solutions/{name}.ipynb"] = notebook.adapt(newest[name], course, solved=True)
    texts = {"index.md": home_page(root, course, newest)}
    for path in find_files(root, TEXTS):
        text = notebook.adapt_links(path.read_text("utf-8"), course)
        texts[path.relative_to(root).as_posix()] = text
    for path in INDEXES.glob("*.md"):
        if (root / path.stem).is_dir() or path.stem == "library":
            lines = path.read_text("utf-8").splitlines(keepends=True)
            named = [(line, line.strip("/\n") + ".md") for line in lines]
            kept = [line for line, file in named if line[0] != "/" or file in texts]
            texts[f"{path.stem}/index.md"] = "".join(kept)
    prose = texts | {path: notebook.prose(nb) for path, nb in books.items()}
    texts |= {path: notebooks.dumps(nb) for path, nb in books.items()} | library_pages(root)
    files = {path: text.encode() for path, text in texts.items()} | linked_files(root, prose)
    for path in (root / gallery.FOLDER).glob("*"):
        files[f"gallery/{path.name}"] = path.read_bytes()
    return files


def newest_solution(root: Path, name: str) -> NotebookNode:
    """Return a solution as it was last executed; if it has changed since, with stored outputs."""
    stored = notebooks.read(root / f"solutions/{name}.ipynb")
    if not (root / f"build/solutions/{name}.ipynb").exists():
        return stored
    executed = notebooks.read(root / f"build/solutions/{name}.ipynb")
    ran = [cell for cell in executed.cells if "injected-parameters" not in notebooks.tags(cell)]
    sources = [[(cell.id, cell.source) for cell in cells] for cells in (ran, stored.cells)]
    return executed if sources[0] == sources[1] else stored


def library_pages(root: Path) -> dict[str, str]:
    """Return a page in reStructuredText for each module or package directly under ``colorlib``."""
    pages: dict[str, str] = {}
    for path in sorted((root / "colorlib").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if path.stem == "__init__":
            parts = parts[:-1]
        elif NOT_DOCUMENTED.search(path.as_posix()):
            continue
        if len(parts) > 1:
            module, page = ".".join(parts), f"library/{parts[1]}.rst"
            underline = ("-" if page in pages else "=") * len(module)
            pages[page] = pages.get(page, "") + (
                f"{module}\n{underline}\n\n"
                f".. automodule:: {module}\n   :members:\n   :ignore-module-all:\n\n"
            )
    return pages


def home_page(root: Path, course: Course, newest: dict[str, NotebookNode]) -> str:
    """Return README.md with a table of lessons that tells how each of them ran."""
    text = (root / "README.md").read_text("utf-8")
    today = date.today()
    made = f"*Made on {today.day} {today:%B %Y} · Python {python_version()} · "
    made += f"torch {version('torch')}.*"
    folders = ["lessons", *(["solutions"] if newest else []), "course", "library"]
    contents = [f"/{folder}/index" for folder in folders]
    if (root / gallery.FOLDER / "gallery.md").exists():  # `python -m course gallery` made it
        contents.append("/gallery/gallery")
    above, below = text, ""
    if newest:
        (place,) = [one for one in placeholders.find(text, "README.md") if one.name == "lessons"]
        rows = [_row(root, lesson, newest[lesson.name]) for lesson in course.lessons]
        above = text[: place.begin] + "\n" + markdown.table(("Picture", "Lesson"), rows)
        below = text[place.end :]
    parts = [above, "", made, below, CONTENTS.format("\n".join(contents))]
    return notebook.adapt_links("\n".join(parts), course)


def _row(root: Path, lesson: Lesson, nb: NotebookNode) -> tuple[str, str]:
    picture = f"course/pictures/{lesson.name}.webp"
    image = f"![{lesson.picture_alt}]({picture})" if (root / picture).exists() else ""
    lines = [
        f"**[{lesson.number} · {lesson.title}](lessons/{lesson.name}.ipynb)**",
        lesson.promise,
        f"{lesson.minutes} minutes · [every answer, executed](solutions/{lesson.name}.ipynb)",
        _outcome(nb),
    ]
    return image, "<br>".join(lines)


def _outcome(nb: NotebookNode) -> str:
    run = nb.metadata.get("course", {}).get("run")
    if run is None:
        return "○ not executed here: stored outputs"
    return f"✗ {run.problem}" if run.problem else f"✓ ran to its end in {run.seconds:.1f} s"


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
