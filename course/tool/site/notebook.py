"""A notebook as the site shows it: answers folded, pictures with their words, nothing that needs a kernel."""

from __future__ import annotations

import base64
import copy
import html
from collections.abc import Callable

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.execute import ANSI
from course.tool.solution_regions import BEGIN
from course.tool.stored_outputs import WIDGET

CONTROLS = "<p><em>Here the notebook shows controls that you can move.</em></p>"
PROBLEM = "```{{error}}\nThis notebook {}\n```\n\n"
FOLDED = "<details><summary>For instructors</summary>\n\n{}\n\n</details>"


def fit(nb: NotebookNode, linked: Callable[[str], str]) -> NotebookNode:
    """A copy of the notebook for MyST-NB.

    Args:
        nb: With or without outputs; if its run met a problem, the copy begins with it.
        linked: Makes the links of a markdown text fit for the site.
    """
    nb = copy.deepcopy(nb)
    run = nb.metadata.get("course", {}).get("run", {})
    nb.metadata = nbformat.from_dict(
        {"kernelspec": nb.metadata.get("kernelspec", {"name": "python3"})}
    )
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
            if "solution" in notebooks.tags(cell):
                cell.source = FOLDED.format(cell.source)
            continue
        if "setup" in notebooks.tags(cell):
            fold(cell, "Set-up")
        elif BEGIN in cell.source:
            fold(cell, "Our answer")
        for output in cell.outputs:
            fit_output(output)
    if run.get("problem"):
        nb.cells[0].source = PROBLEM.format(run["problem"]) + nb.cells[0].source
    return nb


def fold(cell: NotebookNode, words: str) -> None:
    """Let the reader unfold a cell's code, which its outputs do not wait for."""
    cell.metadata.tags = [*notebooks.tags(cell), "hide-input"]
    cell.metadata.mystnb = nbformat.from_dict(
        {"code_prompt_show": words, "code_prompt_hide": words}
    )


def fit_output(output: NotebookNode) -> None:
    """Put a sentence in place of a live widget, its words beside a picture, and no colours of a terminal.

    Those colours are too pale on paper; the marks and words say the same.
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
        raw = data[kind].encode() if kind == "image/svg+xml" else base64.b64decode(data[kind])
        alt = html.escape(output.metadata.get(kind, {}).get("alt", ""))
        source = f"data:{kind};base64,{base64.b64encode(raw).decode()}"
        output.data = nbformat.from_dict({"text/html": f'<p><img alt="{alt}" src="{source}"></p>'})


def prose(nb: NotebookNode) -> list[str]:
    """The sources of its markdown cells."""
    return [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
