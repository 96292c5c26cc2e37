"""The home page of the site: a colorized photo, the lessons as cards, and the texts of the README.

The three pictures of the photo are stored in ``pictures/``; :func:`draw_pictures` makes them again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from nbformat import NotebookNode

from course.tool.boilerplate_cells import COLAB, PICTURES
from course.tool.course_config import Course, Lesson
from course.tool.lesson_tables import open_links
from course.tool.site import notebook

STORED = Path(__file__).with_name("pictures")
FOLDER = "home"  # of the three pictures, on the site
PHOTO = "chelsea"  # no model was trained on it
README_PICTURE = re.compile(r"(?m)^!\[[^]]*\]\([^)]*readme\.jpg\)\n+(\*[^*]+\*\n)?")
COLOUR_PAGE = "colour.md"
CONTENTS = """
```{{toctree}}
:hidden:

{}
```
"""
HEAD = """
``````{container} front
`````{container} panel
````{container} compare
![The face of a tabby cat in gray, as the model sees it.](home/gray.webp)
![The same face in the predicted colours: brown fur and reddish eyes.](home/predicted.webp)

<input type="range" min="0" max="100" value="50" aria-label="Where the gray photo ends and the \
predicted colours begin, in percent from the left">
````
*Before and after: move the handle. The model had never seen this photo.*
`````
`````{container} panel
![The photo: brown fur, yellow-green eyes and a reddish nose.](home/photo.webp)

*The truth: the photo itself. The eyes are green; the model made them reddish brown.*
`````
``````
"""


def page(
    root: Path,
    course: Course,
    newest: Mapping[str, NotebookNode],
    contents: Sequence[str],
    *,
    can_colour: bool,
) -> str:
    """Return the home page as Markdown.

    Args:
        root: The course, for README.md and the pictures of the lessons.
        course: The configuration.
        newest: Each lesson's solution as it was last executed; empty on a site without solutions.
        contents: The pages of the menu.
        can_colour: Whether the site has the page that colours a photo in the browser.
    """
    introduction, below = split_readme((root / "README.md").read_text("utf-8"), course)
    today = date.today()
    made = f"Made on {today.day} {today:%B %Y} with Python {python_version()} and torch "
    made += f"{version('torch')}. {describe_runs(newest)}"
    parts = [introduction, _links(course, can_colour=can_colour), HEAD, "## The lessons"]
    parts.append(cards(root, course, newest))
    if course.repository:  # a students' repository has no files for Binder and Codespaces
        parts.append(open_links(course, course.lessons[0], builds=bool(newest)))
    parts += [f"*{made.strip()}*", below]
    text = notebook.adapt_links("\n\n".join(parts), course)
    return text + CONTENTS.format("\n".join(contents))


def split_readme(text: str, course: Course) -> tuple[str, str]:
    """Return what README.md says first, and its other sections but the one with all lessons.

    Both are without the README's picture of photos.
    """
    first, *sections = re.split(r"(?m)^(?=## )", README_PICTURE.sub("", text))
    notebooks = [f"lessons/{lesson.name}.ipynb" for lesson in course.lessons]
    others = [part for part in sections if not all(name in part for name in notebooks)]
    return first.strip(), "".join(others).strip()


def _links(course: Course, *, can_colour: bool) -> str:
    start = (
        f"[Start with lesson {course.lessons[0].number}](lessons/{course.lessons[0].name}.ipynb)"
    )
    links = f"{start}\n"
    if can_colour:
        note = "It happens in your browser: nothing is installed, and nothing is uploaded."
        links = f"[Colour your own photo]({COLOUR_PAGE})\n{start}\n\n{note}\n"
    return f"```{{container}} actions\n{links}```"


def cards(
    root: Path,
    course: Course,
    newest: Mapping[str, NotebookNode],
    *,
    folder: str = "lessons",
    up: str = "",
) -> str:
    """Return the lessons as a list that the style sheet shows as cards.

    Args:
        root: The course, for the pictures of the lessons.
        course: The configuration.
        newest: As in :func:`page`.
        folder: What the titles lead to: ``lessons`` or ``solutions``.
        up: The way from the page to the home page, such as ``"../"``.
    """
    items = [_card(root, course, lesson, newest, folder, up) for lesson in course.lessons]
    return "```{rst-class} cards\n```\n\n" + "\n".join(items)


def _card(
    root: Path,
    course: Course,
    lesson: Lesson,
    newest: Mapping[str, NotebookNode],
    folder: str,
    up: str,
) -> str:
    picture = f"{PICTURES}/{lesson.name}.webp"
    links = [f"{lesson.minutes} minutes"]
    if lesson.gpu_minutes:
        links.append(f"GPU: {lesson.gpu_minutes} minutes")
    if course.repository:
        place = f"{COLAB}/github/{course.repository}/blob/{course.branch}"
        links.append(f"[Open in Colab]({place}/{folder}/{lesson.name}.ipynb)")
    if newest and folder == "lessons":
        links.append(f"[Read the answers]({up}solutions/{lesson.name}.ipynb)")
    parts = [
        f"![{lesson.picture_alt}]({up}{picture})" if (root / picture).exists() else "",
        f"**[{lesson.number} · {lesson.title}]({up}{folder}/{lesson.name}.ipynb)**",
        lesson.promise,
        " · ".join(links),
        _describe_trouble(lesson, newest),
    ]
    return "- " + "\n\n  ".join(part for part in parts if part) + "\n"


def _run(nb: NotebookNode) -> Mapping | None:
    return nb.metadata.get("course", {}).get("run")


def describe_runs(newest: Mapping[str, NotebookNode]) -> str:
    """Return one sentence on how all solutions ran; empty if there are none."""
    runs = [run for run in map(_run, newest.values()) if run is not None]
    if not newest:
        return ""
    if not runs:
        return "Nothing was executed for these pages: the solutions show their stored outputs."
    complete = sum(not run.get("problem") for run in runs)
    count = "All" if complete == len(newest) else f"{complete} of"
    return f"{count} {len(newest)} solutions ran to their end."


def _describe_trouble(lesson: Lesson, newest: Mapping[str, NotebookNode]) -> str:
    """Return what a card says of a run that had a problem, or was left out; mostly nothing."""
    if lesson.name not in newest or all(_run(nb) is None for nb in newest.values()):
        return ""
    run = _run(newest[lesson.name])
    if run is None:
        return "○ The solution was not executed: it shows its stored outputs."
    return f"✗ The solution {run['problem']}" if run.get("problem") else ""


def pictures() -> dict[str, bytes]:
    """Return the files of the pictures at the top of the page."""
    return {f"{FOLDER}/{path.name}": path.read_bytes() for path in STORED.glob("*.webp")}


def draw_pictures(folder: Path = STORED) -> None:
    """Write the photo in gray, in the colours of the pretrained model, and as it is."""
    from colorlib import data, metrics, pretrained
    from colorlib.io.images import tensor_to_image

    photo = next(photo for photo in data.sample_photos("all") if photo.name == PHOTO).rgb()
    gray = tensor_to_image(metrics.gray_baseline(photo))
    images = {"gray": gray, "predicted": pretrained.load()(gray), "photo": tensor_to_image(photo)}
    for name, image in images.items():
        image.save(folder / f"{name}.webp", quality=85, method=6)
