"""Texts that students write in a real lesson, on the pages for the instructor and for them."""

from __future__ import annotations

import pytest
from markupsafe import escape

from course.tool import course_config, notebooks
from course.tool.course_config import ROOT
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.extraction import extract
from course.tool.grade.notebook_file import parse_notebook
from course.tool.grade.pages import write_feedback, write_questions
from course.tool.grade.rows import GradeRow

KEYS = [load_answer_key(ROOT, lesson) for lesson in course_config.load(ROOT).lessons]


def written_in(nb, key):
    return extract(parse_notebook(notebooks.dumps(nb).encode()), key).written


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.lesson.name)
def test_what_students_write_in_a_lesson_is_in_their_pages_and_side_by_side(key, tmp_path):
    name = key.lesson.name
    nb = notebooks.read(ROOT / f"lessons/{name}.ipynb")
    places = [cell for cell in nb.cells if set(notebooks.TO_WRITE_IN) & set(notebooks.tags(cell))]
    asked = {(name, cell.id): cell.question for cell in key.cells if cell.role == "written"}
    assert [(name, cell.id) for cell in places] == list(asked)
    for cell in places:  # the prediction without the text above it, or the title of the exercise
        start = "Predict" if "prediction" in notebooks.tags(cell) else ("Exercise", "Your own")
        assert asked[name, cell.id].startswith(start)
    assert written_in(nb, key) == {}
    first, last = places[0], places[-1]
    first.source = first.source.replace("double-click here and write it.", "It doubles <b>.")
    last.source += "\nBelow."
    found = written_in(nb, key)
    assert found == {first.id: "It doubles <b>.", last.id: "Below."}
    written = {("ada", name): found, ("bob", name): {}}
    rows = [GradeRow("Ada", "ada", name, f"{key.lesson.number}.1", "passed", 1.0, 1.0)]
    pages = write_feedback(tmp_path / "feedback", rows, written, {name: "Lesson"}, asked)
    feedback = (tmp_path / "feedback" / pages["ada"]).read_text("utf-8")
    made = write_questions(tmp_path / "questions", written, {"ada": "Ada", "bob": "Bob"}, asked)
    assert sorted(made) == sorted((f"{name}-{c.id}.html", f"{name}: {c.id}") for c in (first, last))
    question = (tmp_path / "questions" / f"{name}-{first.id}.html").read_text("utf-8")
    for text in (feedback, question):
        assert "It doubles &lt;b&gt;." in text and escape(asked[name, first.id]) in text
    assert "Below." in feedback and "Below." not in question
