"""Notebooks as the site shows them: answers folded, pictures with alt text, no live widgets."""

from __future__ import annotations

import copy
import html
import re

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.course_config import Course
from course.tool.execute import ANSI
from course.tool.solution_regions import BEGIN
from course.tool.stored_outputs import WIDGET

CONTROLS = "<p><em>Here the notebook shows controls that you can move.</em></p>"
REMOTE_IMAGE = re.compile(r"!\[([^\]]*)\]\(https?:[^)]*\)")  # such as a badge
PROBLEM = "```{{error}}\nThis notebook {}\n```\n\n"
FOLDED = "<details><summary>For instructors</summary>\n\n{}\n\n</details>"


def adapt(nb: NotebookNode, course: Course, *, solved: bool = False) -> NotebookNode:
    """Return a copy of a notebook for MyST-NB.

    Args:
        nb: With or without outputs. If its run had a problem, the copy shows it at the top.
        course: The configuration, for links.
        solved: Whether to mark the title, so that a search shows lessons and solutions apart.
    """
    nb = copy.deepcopy(nb)
    run = nb.metadata.get("course", {}).get("run", {})
    kernel = nb.metadata.get("kernelspec", {"name": "python3"})
    nb.metadata = nbformat.from_dict({"kernelspec": kernel})
    to_write_in = set(notebooks.TO_WRITE_IN)  # on a page nobody can write
    nb.cells = [cell for cell in nb.cells if not to_write_in & set(notebooks.tags(cell))]
    for cell in nb.cells:
        if cell.cell_type == "markdown":
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
    if run.get("problem"):
        nb.cells[0].source = PROBLEM.format(run["problem"]) + nb.cells[0].source
    return nb


def adapt_links(text: str, course: Course) -> str:
    """Return a text whose links lead to pages of the site, and without pictures from the web."""
    if course.repository:
        own = f"https://github.com/{course.repository}/blob/{course.branch}/"
        text = text.replace(f"]({own}", "](../")
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
        output.data = nbformat.from_dict({"text/html": CONTROLS})
    elif kind:
        alt = html.escape(output.metadata.get(kind, {}).get("alt", ""))
        address = f"data:{kind};base64,{data[kind].replace(chr(10), '')}"
        output.data = nbformat.from_dict({"text/html": f'<p><img alt="{alt}" src="{address}"></p>'})


def prose(nb: NotebookNode) -> str:
    """Return the text of its Markdown cells."""
    return "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
