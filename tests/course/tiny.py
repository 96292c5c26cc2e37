"""Small notebooks to execute, and the picture that they show."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from course.tool import notebooks

TABLE = """\
title = "Tiny & <small>"
repository = ""
branch = "main"

[[lesson]]
name = "01_good"
title = "Good"
promise = "You see a <red> picture."
picture_alt = "Red."
objectives = ["see"]
needs = "nothing"
minutes = 5
gpu_minutes = 0
difficulty = 1
"""
PARAMETERS = """\
PROFILE = "full"  # @param ["reduced", "full"]
SEED = 3  # @param {type: "integer"}
COUNT = 0
SHARE = 0.5
WIDTH = 8  # @param {type:"slider", min:4, max:16, step:4}
FLIP = False  # @param {type: "boolean"}
PHOTO = "china"  # @param ["china", "coffee"]
NAME = "a name"  # @param {type: "string"}"""


def png() -> str:
    """A red picture, in base64."""
    file = io.BytesIO()
    Image.new("RGB", (8, 5), (200, 30, 30)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def code(cell_id: str, source: str, *tags: str) -> NotebookNode:
    """A code cell that was never run."""
    return new_code_cell(source, id=cell_id, metadata={"tags": list(tags)} if tags else {})


def notebook(*cells: NotebookNode, heading: str = "A `good` one & <more>") -> NotebookNode:
    """A notebook with a heading above the cells."""
    return new_notebook(cells=[new_markdown_cell(f"# {heading}", id="head"), *cells])


def course(root: Path, **trees: dict[str, NotebookNode]) -> Path:
    """Write a course with these notebooks."""
    (root / "course").mkdir(parents=True)
    (root / "course/course.toml").write_text(TABLE, "utf-8")
    for tree, books in trees.items():
        for name, nb in books.items():
            notebooks.write(root / tree / f"{name}.ipynb", nb)
    return root
