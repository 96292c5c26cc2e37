"""Parts of a lesson's page that a reader can use without Python: predictions and explorers.

A prediction is written in place. *What you saw* is folded, so that it does not answer the
prediction above it. Where the notebook has the explorer of Lab, the page has one in JavaScript.
"""

from __future__ import annotations

import ast
import html
import re

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks

SCRIPT = '<script src="../colour/lesson.js" defer></script>'
WHAT_YOU_SAW = re.compile(r"\*\*What you saw:\*\*\s*")
_PREDICTION = """<div class="prediction-box">
<label for="{name}">Your prediction</label>
<textarea class="prediction" id="{name}" rows="2"></textarea>
</div>"""
_FOLDED = '<details class="what-you-saw"><summary>What you saw</summary>\n\n{}\n\n</details>'
_EXPLORER = '<div class="lab-explorer" data-l="{L}" data-a="{a}" data-b="{b}">{text}</div>'
CONTROLS = "<p><em>Here the notebook shows controls that you can move.</em></p>"
_EXPLORE_LAB = re.compile(r"widgets\.explore_lab\(([^)]*)\)")


def add(nb: NotebookNode, name: str, *, with_scripts: bool = True) -> None:
    """Change the cells of a notebook in place.

    Args:
        nb: The notebook.
        name: That of the lesson; it makes the names of predictions unique on the site.
        with_scripts: Whether the site has the scripts of ``course/web/``. Without them a prediction
            is not kept, and there is no explorer.
    """
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if "prediction" in notebooks.tags(cell):
                cell.source = _PREDICTION.format(name=html.escape(f"{name}-{cell.id}"))
                cell.metadata.tags = []
            elif WHAT_YOU_SAW.match(cell.source):
                text = WHAT_YOU_SAW.sub("", cell.source, count=1)
                cell.source = _FOLDED.format(text[:1].upper() + text[1:])
        elif with_scripts and (found := _EXPLORE_LAB.search(cell.source)):
            call = ast.parse(f"f({found[1]})", mode="eval").body
            start = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            explorer = _EXPLORER.format(text=CONTROLS, **start)
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": explorer})]
    if with_scripts:
        nb.cells.append(nbformat.v4.new_markdown_cell(SCRIPT))
