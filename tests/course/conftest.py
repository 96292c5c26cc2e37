"""A tiny course of one lesson that passes every lint, written to a temporary folder."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.tool import build, notebooks

TABLE = """\
# A comment that stays.
title = "Tiny"
repository = ""
branch = "main"

[[lesson]]
name = "01_tiny"
title = "Squares"
promise = "You square numbers."
picture_alt = "A square."
objectives = ["square |x|", "say why"]
needs = "nothing"
minutes = 5
gpu_minutes = 0
difficulty = 1
"""
EXERCISE = """\
### Exercise 1.{n} · {title}

●○○ gentle · about 5 minutes · (n,) → (n,)

Square a number. You should see a parabola.

<details><summary>Hint 1</summary>

Multiply.

</details>
<details><summary>Hint 2</summary>

By itself.

</details>

[Our answer](../solutions/01_tiny.ipynb)"""
ANSWER = """\
def square_{n}(x):
    ### BEGIN SOLUTION
    return x**2 + {n} * 0
    ### END SOLUTION"""
CHOICES = """**{n}.** What is {n} squared?

- **a)** {n} + {n}
- **b)** {n} * {n}
- **c)** {n}"""
ANSWERS = """\
["1.{n}"]
right = "b"
a = "You doubled {n}."
b = "A number times itself: {n}."
c = "You kept {n}."
"""


def markdown(cell_id: str, source: str, *tags: str):
    """Return a Markdown cell."""
    return new_markdown_cell(source, id=cell_id, metadata={"tags": list(tags)} if tags else {})


def code(cell_id: str, source: str, *tags: str, out: str = ""):
    """Return a code cell that was executed, with an output if ``out`` is given."""
    outputs = [new_output("stream", name="stdout", text=out)] if out else []
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, id=cell_id, metadata=metadata, outputs=outputs, execution_count=1)


def tiny_solution():
    """Return the source of the lesson, without its generated cells."""
    exercises = []
    for n in range(1, 5):
        text = EXERCISE.format(n=n, title="Broken on purpose" if n == 4 else "Square")
        exercises += [
            markdown(f"exercise-{n}", text.replace("Broken", "broken"), "exercise"),
            *([markdown("why", "*Why:*", "written")] if n == 4 else []),
            code(f"answer-{n}", ANSWER.format(n=n)),
            code(f"check-{n}", f"square = check.q1_{n}(square_{n})"),
        ]
    return new_notebook(
        cells=[
            code("parameters", 'PROFILE = "reduced"  # @param ["reduced", "full"]', "parameters"),
            markdown("see", "## 1 · Squares\n\nA square grows fast. **Predict** the square of 3."),
            markdown("see-write", "*Your prediction:*", "prediction"),
            code("three", "print(3**2)", "nbval-check-output", out="9\n"),
            markdown("saw", "**What you saw:** nine."),
            *exercises,
            markdown("teacher", "Students mix up squares and doubles.", "solution"),
            markdown("wrong", "## What can go wrong\n\nLittle."),
            markdown("compare", "## Your code next to ours\n\nAlike."),
            markdown("recap", "## Recap\n\nYou can now square."),
            markdown("quiz", f"## Quiz\n\n{CHOICES.format(n=1)}"),
            code("quiz-1-answer", 'check.quiz("1.1", answer="b")', "quiz"),
            markdown("quiz-2", CHOICES.format(n=2)),
            code("quiz-2-answer", 'check.quiz("1.2", answer="b")', "quiz"),
            markdown("quiz-3", CHOICES.format(n=3)),
            code("quiz-3-answer", 'check.quiz("1.3", answer="b")', "quiz"),
            markdown("further", "## Going further\n\nCube."),
        ]
    )


class Tiny:
    """The tiny course in a folder, with the edits that a person makes."""

    def __init__(self, root: Path):
        self.root = root

    def build(
        self, *, check: bool = False, repository: str | None = None, branch: str | None = None
    ) -> int:
        """Run ``python -m course build``."""
        parser = argparse.ArgumentParser()
        build.arguments(parser)
        args = parser.parse_args([])
        args.check, args.repository, args.branch = check, repository, branch
        return build.main(args, self.root)

    def read(self, tree: str = "solutions"):
        """Return its notebook, of one tree."""
        return notebooks.read(self.root / tree / "01_tiny.ipynb")

    @contextlib.contextmanager
    def edit(self, tree: str = "solutions"):
        """Change its notebook by hand: ``with tiny.edit() as nb: ...``."""
        nb = self.read(tree)
        yield nb
        notebooks.write(self.root / tree / "01_tiny.ipynb", nb)

    def replace(self, cell_id: str, old: str, new: str, tree: str = "solutions"):
        """Change words in one cell by hand."""
        with self.edit(tree) as nb:
            cell = self.cell(nb, cell_id)
            assert old in cell.source
            cell.source = cell.source.replace(old, new)

    def add(self, cell, before: str = "wrong"):
        """Add a cell to the solution by hand."""
        with self.edit() as nb:
            nb.cells.insert(nb.cells.index(self.cell(nb, before)), cell)

    @staticmethod
    def cell(nb, cell_id: str):
        """Return the cell with that id."""
        return next(cell for cell in nb.cells if cell.id == cell_id)

    def store(self):
        """Mark the outputs as current, as ``python -m course run --store`` does."""
        with self.edit() as nb:
            for cell in nb.cells:
                if cell.cell_type == "code":
                    cell.execution_count = 1
            nb.metadata.course = nbformat.from_dict({"executed": notebooks.source_hash(nb)})


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """The tiny course, built, with the outputs of its source."""
    for folder in ("course", "solutions", "lessons"):
        (tmp_path / folder).mkdir()
    (tmp_path / "course/course.toml").write_text(TABLE, "utf-8")
    answers = "\n".join(ANSWERS.format(n=n) for n in (1, 2, 3))
    (tmp_path / "course/quiz.toml").write_text(answers, "utf-8")
    (tmp_path / "README.md").write_text(
        "Above\n<!-- course: lessons -->\n<!-- end course -->\nBelow\n", "utf-8"
    )
    # header and footer link to them
    for name in ("LICENSE", "LICENSE-content", "course/glossary.md", "course/papers.md"):
        (tmp_path / name).write_text("# Title\n\nYours.\n", "utf-8")
    notebooks.write(tmp_path / "solutions/01_tiny.ipynb", tiny_solution())
    course = Tiny(tmp_path)
    assert course.build() == 0
    course.store()
    assert course.build() == 0
    return course


@pytest.fixture
def root(tiny: Tiny) -> Path:
    """The folder of the tiny course."""
    return tiny.root
