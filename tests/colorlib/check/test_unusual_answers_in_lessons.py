"""Lessons run to their end with unusual right answers in place of ours (MUTANTS=all only)."""

import os
from pathlib import Path

import nbformat
import pytest
from answer_tables import LESSONS, ROOT, load_answers
from nbclient import NotebookClient

HERE = Path(__file__).parent
ALL = os.environ.get("MUTANTS") == "all"


def rounds(lesson):
    """Return dictionaries of one answer for each exercise; the next round takes the next ones."""
    found = []
    for answer in load_answers(HERE / f"answers_lesson{lesson:02d}.toml", "right"):
        free = next((chosen for chosen in found if answer.exercise not in chosen), None)
        if free is None:
            found.append(free := {})
        free[answer.exercise] = answer
    return found


@pytest.mark.skipif(not ALL, reason="runs whole lessons: set MUTANTS=all")
@pytest.mark.parametrize(
    ("lesson", "chosen"),
    [(lesson, chosen) for lesson in LESSONS for chosen in rounds(lesson)],
    ids=lambda value: str(value) if isinstance(value, int) else "+".join(sorted(value)),
)
def test_lesson_runs_with_unusual_answers(lesson, chosen, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_EXPECT", "solution")  # each of them passes its check
    (path,) = (ROOT / "solutions").glob(f"{lesson:02d}_*.ipynb")
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        for number, answer in chosen.items():
            if cell.id == f"e{number.split('.')[1]}-stub":
                cell.source = f"{answer.prelude}\n{answer.code}"
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
