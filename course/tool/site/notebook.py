"""Notebooks as the site shows them: answers folded, pictures with alt text, no live widgets."""

from __future__ import annotations

import copy
import html
import re

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.boilerplate_cells import COLAB, NOTE_AFTER_BADGE
from course.tool.course_config import PLACEHOLDER, Course
from course.tool.execute import ANSI
from course.tool.site import live_parts
from course.tool.solution_regions import BEGIN
from course.tool.stored_outputs import WIDGET

REMOTE_IMAGE = re.compile(r"!\[([^\]]*)\]\(https?:[^)]*\)")  # such as a badge
DEAD_BADGE = re.compile(rf"\[!\[[^]]*\]\([^)]*\)\]\({COLAB}/github/{PLACEHOLDER}/[^)]*\) ?")
OBJECTIVES = re.compile(r"(?m)^\| You will \| (.+) \|$")
COLUMNS = re.compile(r"(?m)^.*\S {2,}\S.*\n(.*\S {2,}\S)")  # two lines with wide gaps
PROBLEM = "```{{error}}\nThis notebook {}\n```\n\n"
FOLDED = "<details><summary>For instructors</summary>\n\n{}\n\n</details>"


def adapt(
    nb: NotebookNode,
    course: Course,
    *,
    name: str = "lesson",
    solved: bool = False,
    with_scripts: bool = False,
) -> NotebookNode:
    """Return a copy of a notebook for MyST-NB.

    Args:
        nb: With or without outputs. If its run had a problem, the copy shows it at the top.
        course: The configuration, for links.
        name: That of the notebook, for the names of its predictions.
        with_scripts: Whether the site has the scripts of ``course/web/``.
        solved: Whether to mark the title, so that a search shows lessons and solutions apart.
    """
    nb = copy.deepcopy(nb)
    run = nb.metadata.get("course", {}).get("run", {})
    kernel = nb.metadata.get("kernelspec", {"name": "python3"})
    nb.metadata = nbformat.from_dict({"kernelspec": kernel})
    live_parts.add(nb, name, with_scripts=with_scripts)
    left_out = {*notebooks.TO_WRITE_IN, "injected-parameters"}  # a page keeps no answers
    nb.cells = [cell for cell in nb.cells if not left_out & set(notebooks.tags(cell))]
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if "header" in notebooks.tags(cell):
                cell.source = adapt_header(cell.source, course)
            cell.source = adapt_links(cell.source, course)
            if solved:
                cell.source = re.sub(r"(?m)^(# Lesson .+)$", r"\1 · solved", cell.source, count=1)
            if "solution" in notebooks.tags(cell):
                cell.source = FOLDED.format(cell.source)
        elif "setup" in notebooks.tags(cell):
            fold(cell, "Set-up")
        elif BEGIN in cell.source:
            fold(cell, "Our answer")
        for output in cell.get("outputs", []):
            adapt_output(output)
            if COLUMNS.search(output.get("text", "")) and "columns" not in notebooks.tags(cell):
                cell.metadata.tags = [*notebooks.tags(cell), "columns"]  # its lines do not wrap
    if run.get("problem"):
        nb.cells[0].source = PROBLEM.format(run["problem"]) + nb.cells[0].source
    return nb


def adapt_header(text: str, course: Course) -> str:
    """Return the header of a lesson with its objectives as a list, and without a dead badge."""
    if not course.repository:
        text = text.replace(NOTE_AFTER_BADGE["lessons"], "")
    return OBJECTIVES.sub(_list_objectives, text)


def _list_objectives(row: re.Match) -> str:
    """Return the row of the objectives as a list; Markdown has no lists in tables."""
    items = "".join(f'<span role="listitem">{one}</span>' for one in row[1].split("<br>"))
    return f'| You will | <span role="list">{items}</span> |'


def adapt_links(text: str, course: Course) -> str:
    """Return a text whose links lead to pages of the site, and without pictures from the web."""
    if course.repository:
        own = f"https://github.com/{course.repository}/blob/{course.branch}/"
        text = text.replace(f"]({own}", "](../")
    text = DEAD_BADGE.sub("", text)
    text = re.sub(r"\]\(((?:\.\./)*)README\.md", r"](\1index.md", text)
    return REMOTE_IMAGE.sub(r"\1", text)


def fold(cell: NotebookNode, label: str) -> None:
    """Fold the code of a cell behind a label; its outputs stay visible."""
    cell.metadata.tags = [*notebooks.tags(cell), "hide-input"]
    labels = {"code_prompt_show": label, "code_prompt_hide": label}
    cell.metadata.mystnb = nbformat.from_dict(labels)


def adapt_output(output: NotebookNode) -> None:
    """Replace a live widget by a sentence, give a picture its alt text, drop terminal colours.

    Those colours are too pale on white; marks and words carry the same meaning.
    """
    if "text" in output:
        output.text = ANSI.sub("", output.text)
    if "traceback" in output:
        output.traceback = [ANSI.sub("", line) for line in output.traceback]
    data = output.get("data", {})
    kind = next((kind for kind in data if kind.startswith("image/")), None)
    if WIDGET in data:
        output.data = nbformat.from_dict({"text/html": live_parts.CONTROLS})
    elif kind:
        alt = html.escape(output.metadata.get(kind, {}).get("alt", ""))
        address = f"data:{kind};base64,{data[kind].replace(chr(10), '')}"
        output.data = nbformat.from_dict({"text/html": f'<p><img alt="{alt}" src="{address}"></p>'})


def prose(nb: NotebookNode) -> str:
    """Return the text of its Markdown cells."""
    return "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
