"""The source tree of the site, ``build/.source/``: what Sphinx reads, written anew where it differs."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from urllib.parse import unquote

from nbformat import NotebookNode

from course.tool import course_config, gallery, notebooks, readme
from course.tool.course_config import Course, Lesson
from course.tool.lints.links import targets
from course.tool.site import notebook

SOURCE = "build/.source"
TEXTS = ("CONTRIBUTING.md", "CHANGELOG.md", "course/*.md")
REMOTE_IMAGE = re.compile(
    r"!\[([^\]]*)\]\(https?:[^)]*\)"
)  # a badge, for one; pages need no network
HIDDEN = re.compile(r"/(_\w*|__main__|lesson\d\d\w*)\.py$")  # exercises are tables, not a library
SECTIONS = {  # folders of the site: their titles, and what stands below them
    "lessons": ("Lessons", "As you first open them: nothing is solved yet."),
    "solutions": (
        "Solutions",
        "Every exercise solved and executed: unfold *Our answer*.",
    ),
    "course": (
        "Texts",
        "What stands around the notebooks, for those who teach, learn and contribute.",
    ),
    "library": ("Library", "What `colorlib` holds, from its docstrings."),
}
SECTION = """\
# {}

{}

```{{toctree}}
:maxdepth: 1

{}
```
"""
CONTENTS = """

```{{toctree}}
:hidden:

{}
```
"""


def write(root: Path) -> Path:
    """Write the tree, remove from it what has gone, and return its folder."""
    source = root / SOURCE
    files = pages(root)
    for path, data in files.items():
        if not (source / path).exists() or (source / path).read_bytes() != data:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if path.relative_to(source).as_posix() not in files:
            path.unlink()
    return source


def pages(root: Path) -> dict[str, bytes]:
    """Every file of the tree: its path and what it holds."""
    course = course_config.load(root)
    shown = {lesson.name: newest(root, lesson.name) for lesson in course.lessons}
    books, texts = {}, {}
    for lesson in course.lessons:
        plain = notebooks.read(root / f"lessons/{lesson.name}.ipynb")
        file = f"{lesson.name}.ipynb"
        books[f"lessons/{file}"] = notebook.fit(plain, partial(linked, course))
        books[f"solutions/{file}"] = notebook.fit(shown[lesson.name], partial(solved, course))
    for path in [path for pattern in TEXTS for path in sorted(root.glob(pattern))]:
        texts[path.relative_to(root).as_posix()] = linked(course, path.read_text("utf-8"))
    parts = library(root)
    texts |= sections([*books, *texts, *parts])
    if more := sorted(
        (root / gallery.FOLDER).glob("gallery.md")
    ):  # `python -m course gallery` made it
        texts["gallery/gallery.md"] = more[0].read_text("utf-8")
    texts["index.md"] = index(root, course, shown, ["gallery/gallery"] if more else [])
    files = {path: notebooks.dumps(nb) for path, nb in books.items()} | texts | parts
    words = {path: "\n".join(notebook.prose(nb)) for path, nb in books.items()} | texts
    drawn = (root / gallery.FOLDER).glob("*.jpg")
    return (
        {path: text.encode() for path, text in files.items()}
        | beside(root, words)
        | {f"gallery/{picture.name}": picture.read_bytes() for picture in drawn}
    )


def newest(root: Path, name: str) -> NotebookNode:
    """A solution as it was last executed, if its source is still the same; else with its stored outputs."""
    stored, ran = (root / folder / f"{name}.ipynb" for folder in ("solutions", "build/solutions"))
    nb = notebooks.read(stored)
    if not ran.exists():
        return nb
    executed = notebooks.read(ran)
    own = [cell for cell in executed.cells if "injected-parameters" not in notebooks.tags(cell)]
    same = [(cell.id, cell.source) for cell in own] == [(cell.id, cell.source) for cell in nb.cells]
    return executed if same else nb


def linked(course: Course, text: str) -> str:
    """The text with links that lead to pages of the site, and without pictures from the web."""
    if course.repository:
        own = f"https://github.com/{course.repository}/blob/{course.branch}/"
        text = text.replace(f"]({own}", "](../")
    text = re.sub(r"\]\(((?:\.\./)*)README\.md", r"](\1index.md", text)
    return REMOTE_IMAGE.sub(r"\1", text)


def solved(course: Course, text: str) -> str:
    """The same for a solution, whose title tells it from the lesson's in a list of what a search found."""
    return re.sub(r"(?m)^(# Lesson .+)$", r"\1 · solved", linked(course, text), count=1)


def library(root: Path) -> dict[str, str]:
    """A page in reStructuredText for each module or package directly under ``colorlib``."""
    pages: dict[str, list[str]] = {}
    for path in sorted((root / "colorlib").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if module != "colorlib" and (path.stem == "__init__" or not HIDDEN.search(name)):
            pages.setdefault(module.split(".")[1], []).append(module)
    return {f"library/{part}.rst": "\n".join(_modules(modules)) for part, modules in pages.items()}


def _modules(modules: list[str]) -> list[str]:
    lines = []
    for mark, module in zip("=" + "-" * len(modules), modules, strict=False):
        lines += [module, mark * len(module), ""]
        lines += [f".. automodule:: {module}", "   :members:", "   :ignore-module-all:", ""]
    return lines


def sections(paths: list[str]) -> dict[str, str]:
    """For each folder a page that leads to its pages; what lies in no folder counts as a text."""
    below: dict[str, list[str]] = {folder: [] for folder in SECTIONS}
    for path in paths:
        below[path.split("/")[0] if "/" in path else "course"].append(f"/{path}")
    return {
        f"{folder}/index.md": SECTION.format(*SECTIONS[folder], "\n".join(found))
        for folder, found in below.items()
        if found
    }


def index(root: Path, course: Course, shown: dict[str, NotebookNode], more: list[str]) -> str:
    """The home page: README.md, with a table of lessons that says how each ran; ``more``: pages to show."""
    text = (root / "README.md").read_text("utf-8")
    before, _, rest = text.partition(readme.BEGIN)
    after = rest.partition(readme.END)[2]
    today = date.today()
    facts = f"{today.day} {today:%B %Y} · Python {python_version()} · torch {version('torch')}"
    rows = ["| Picture | Lesson |", "|---|---|"]
    rows += [row(root, lesson, shown[lesson.name]) for lesson in course.lessons]
    contents = CONTENTS.format(
        "\n".join(f"/{page}" for page in [*map("{}/index".format, SECTIONS), *more])
    )
    return linked(course, "\n".join([before, *rows, "", f"*Made on {facts}.*", after, contents]))


def row(root: Path, lesson: Lesson, nb: NotebookNode) -> str:
    """What the home page says about a lesson."""
    picture = f"course/pictures/{lesson.name}.jpg"
    image = f"![{lesson.picture_alt}]({picture})" if (root / picture).exists() else ""
    file = f"{lesson.name}.ipynb"
    words = [
        f"**[{lesson.number} · {lesson.title}](lessons/{file})**",
        lesson.promise,
        f"{lesson.minutes} minutes · [every answer, executed](solutions/{file})",
        outcome(nb),
    ]
    return "| {} | {} |".format(*(text.replace("|", "\\|") for text in (image, "<br>".join(words))))


def outcome(nb: NotebookNode) -> str:
    """How the notebook ran, in a line."""
    run = nb.metadata.get("course", {}).get("run")
    if run is None:
        return "○ not executed here: stored outputs"
    return f"✗ {run.problem}" if run.problem else f"✓ ran to its end in {run.seconds:.1f} s"


def beside(root: Path, words: dict[str, str]) -> dict[str, bytes]:
    """The files of the project that pages link to or show: pictures, licences, modules."""
    found = {}
    for path, text in words.items():
        for target in targets(text):
            there = (root / path).parent.joinpath(unquote(target.partition("#")[0])).resolve()
            if there.is_file() and there.is_relative_to(root.resolve()):
                name = there.relative_to(root.resolve()).as_posix()
                if name not in words:
                    found[name] = there.read_bytes()
    return found
