"""Each lint is silent on a good notebook and fires on the one thing it is for."""

import argparse
import dataclasses

import pytest
from course.tool.lints.reading import prose, word_count
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.tool import check, course_config
from course.tool.lints import LINTS, code, exercises, texts


def find(nb, cell_id):
    return next(cell for cell in nb.cells if cell.id == cell_id)


def source(cell_id, text):
    """A change: that cell says ``text``."""
    return lambda nb: find(nb, cell_id).update(source=text)


def swap(cell_id, old, new):
    """A change: words in that cell."""

    def change(nb):
        cell = find(nb, cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def drop(cell_id):
    """A change: no such cell."""
    return lambda nb: nb.cells.remove(find(nb, cell_id))


def insert(cell, after="saw"):
    """A change: one cell more."""
    return lambda nb: nb.cells.insert(nb.cells.index(find(nb, after)) + 1, cell)


def tags(cell_id, *names):
    """A change: that cell has other tags."""
    return lambda nb: find(nb, cell_id).metadata.update(tags=list(names))


def output(cell_id, *outputs):
    """A change: that cell has other outputs."""
    return lambda nb: find(nb, cell_id).update(outputs=list(outputs))


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def picture(alt=None):
    metadata = {"image/png": {"alt": alt}} if alt is not None else {}
    return new_output("display_data", data={"image/png": "aGk="}, metadata=metadata)


def test_lesson_0_has_two_or_three_exercises(tiny):
    later = course_config.load(tiny.root).lessons[0]
    first = dataclasses.replace(later, name="00_start_here")
    nb = tiny.read("lessons")
    assert not list(exercises.exercise_count(L, nb, later))
    assert "expected 2 to 3" in str(next(exercises.exercise_count(L, nb, first)))
    find(nb, "exercise-1").metadata.tags = []
    assert not list(exercises.exercise_count(L, nb, first))


WORDS = "word " * 61
SECTION = new_markdown_cell("## 2 · More\n\nText.", id="more")
FENCED = "```python\n# no heading, just code\n```"
S, L = "solutions", "lessons"

FIRES = [
    (texts.heading_order, L, source("saw", "# Again"), "2 headings of level 1"),
    (texts.heading_order, L, swap("header", "# Lesson", "Lesson"), "0 headings of level 1"),
    (
        texts.heading_order,
        L,
        source("saw", "#### Deep"),
        "cell 6 (saw): a heading of level 4 follows one of level 2",
    ),
    (
        texts.section_count,
        L,
        source("saw", "\n\n".join(f"## {n} · A" for n in range(8))),
        "9 numbered sections",
    ),
    (texts.prose_length, L, swap("see", "A square", WORDS), "cell 4 (see): 6"),
    (texts.alt_text, L, source("saw", "![ ](a.png)"), "(saw): a picture has no alt text"),
    (texts.alt_text, L, source("saw", '<img src="a.png">'), "(saw): a picture has no alt text"),
    (
        texts.alt_text,
        L,
        source("saw", '<img alt="" src="a.png">'),
        "(saw): a picture has no alt text",
    ),
    (texts.alt_text, S, output("three", picture()), "(three): a stored picture has no alt text"),
    (texts.alt_text, S, output("three", picture(" ")), "(three): a stored picture has no alt text"),
    (
        texts.badge,
        L,
        swap("header", "lessons/01_tiny", "lessons/02_tiny"),
        "no Colab badge that opens lessons/01",
    ),
    (texts.badge, L, drop("header"), "no Colab badge"),
    *[
        (texts.closing_sections, L, drop(name), "there is no heading")
        for name in ("wrong", "beside", "recap")
    ],
    *[
        (texts.closing_sections, L, drop(name), "there is no heading")
        for name in ("quiz", "further")
    ],
    (
        texts.quiz,
        L,
        swap("quiz", "<details><summary>c?</summary>Yes.</details>", ""),
        "(quiz): the quiz folds 2",
    ),
    (texts.predictions, L, drop("saw"), "(see): **Predict** has no"),
    (
        texts.predictions,
        L,
        swap("see", "**Predict**", "**Predict** **Predict**"),
        "(see): **Predict** has no",
    ),
    (texts.predictions, L, insert(SECTION, after="three"), "(see): **Predict** has no"),
    (texts.unwritten, L, source("saw", "**What you saw:** WRITE: it."), "(saw): still to write"),
    (texts.unwritten, S, source("three", "print(9)  # WRITE: more"), "(three): still to write"),
    *[
        (texts.banned_words, L, source("saw", f"This is {word} so."), f"(saw): the word '{word}'")
        for word in ("simply", "Just", "OBVIOUSLY")
    ],
    (code.cell_length, L, source("three", "a = 1\n" * 26), "(three): 26 lines"),
    (
        code.cell_length,
        L,
        lambda nb: [c.update(source="a = 1\n" * 9) for c in nb.cells if c.cell_type == "code"],
        "more than 8 lines",
    ),
    (code.parameters, L, drop("parameters"), "0 cells are tagged 'parameters'"),
    (code.parameters, L, tags("three", "parameters"), "2 cells are tagged 'parameters'"),
    (code.parameters, L, source("parameters", "SEED = 0  # @param"), "PROFILE is not set"),
    (
        code.parameters,
        L,
        swap("parameters", "# @param", "#"),
        "line 1 is no assignment with # @param",
    ),
    (
        code.parameters,
        L,
        swap("parameters", "PROFILE", "import os  # @param\nPROFILE"),
        "line 1 is no assignment",
    ),
    *[
        (code.portable, L, source("three", text), "(three)")
        for text in (
            "import sys\nsys.path.append('x')",
            "import os\nos.chdir('x')",
            "%cd x",
            "from torch import *",
            "open('/content/x')",
            "open('/home/me/x')",
            "open('/tmp/x')",
            "open('/Users/me/x')",
            r"open('C:\\x')",
        )
    ],
    (
        code.portable,
        S,
        output("three", stream("/tmp/ipykernel_7/1.py:1: UserWarning", "stderr")),
        "silence it",
    ),
    (code.pristine, L, output("three", stream("9")), "(three): a lesson stores no outputs"),
    (
        code.pristine,
        L,
        lambda nb: find(nb, "three").update(execution_count=1),
        "(three): a lesson stores no outputs",
    ),
    (
        code.executed,
        S,
        lambda nb: find(nb, "three").update(execution_count=None),
        "(three): this is the first of 1 cells",
    ),
    (
        code.executed,
        S,
        output("three", new_output("error", ename="E", evalue="", traceback=[])),
        "is an error",
    ),
    (
        code.executed,
        S,
        swap("answer-1", "x**2", "x*x"),
        "outputs are older than the source: run python -m course run",
    ),
    (code.compared, L, tags("three"), "(see): no code cell of this section is tagged"),
    (
        code.compared,
        L,
        insert(SECTION, after="saw"),
        "(more): no code cell of this section is tagged",
    ),
    (
        code.compared,
        L,
        source("saw", "## 2 · A\n\n## 3 · B"),
        "(saw): no code cell of this section is tagged",
    ),
    (
        code.compared,
        S,
        output("three"),
        "(three): tagged 'nbval-check-output' without a stored text",
    ),
    (code.compared, S, output("three", stream("9", "stderr")), "without a stored text"),
    (
        code.compared,
        S,
        output("three", stream("9"), picture("A square.")),
        "(three): tagged 'nbval-check-output' with",
    ),
    (code.size, L, source("saw", "x" * 72_000), "at most 72000 fit"),
    (code.size, S, source("saw", "x" * 400_000), "at most 400000 fit"),
    (
        exercises.exercise_count,
        L,
        tags("exercise-1"),
        "3 cells are tagged 'exercise', expected 4 to 6",
    ),
    (
        exercises.exercise_count,
        L,
        swap("exercise-4", "broken on purpose", "odd"),
        "no exercise says 'broken on purpose'",
    ),
    (
        exercises.exercise_numbers,
        L,
        swap("exercise-2", "1.2", "1.3"),
        "expected '### Exercise 1.2 · Title'",
    ),
    (
        exercises.exercise_numbers,
        L,
        swap("exercise-2", "1.2 · Square", "1.2"),
        "expected '### Exercise 1.2 · Title'",
    ),
    (
        exercises.exercise_numbers,
        L,
        swap("exercise-2", "###", "####"),
        "expected '### Exercise 1.2 · Title'",
    ),
    (
        exercises.exercise_parts,
        L,
        swap("exercise-1", "●○○ gentle", "easy"),
        "lacks its line of facts",
    ),
    (
        exercises.exercise_parts,
        L,
        swap("exercise-1", "about 5 minutes", "short"),
        "lacks its line of facts",
    ),
    (exercises.exercise_parts, L, swap("exercise-1", "→", "to"), "lacks its line of facts"),
    (
        exercises.exercise_parts,
        L,
        swap("exercise-1", "You should see", "It is"),
        "lacks its sentence",
    ),
    (
        exercises.exercise_parts,
        L,
        swap("exercise-1", "01_tiny", "02_tiny"),
        "lacks its link to ../solutions/01_tiny",
    ),
    (
        exercises.exercise_cells,
        L,
        drop("answer-2"),
        "(exercise-2): no code cell with ### BEGIN SOLUTION",
    ),
    (
        exercises.exercise_cells,
        S,
        drop("answer-2"),
        "(exercise-2): no code cell with ### BEGIN SOLUTION",
    ),
    (exercises.exercise_cells, L, drop("check-2"), "(exercise-2): no cell calls check.q1_2("),
    (
        exercises.exercise_cells,
        L,
        swap("check-2", "q1_2", "q1_3"),
        "(exercise-2): no cell calls check.q1_2(",
    ),
    (
        exercises.exercise_cells,
        L,
        lambda nb: nb.cells.sort(key=_check_first),
        "(exercise-2): no cell calls",
    ),
]
SILENT = [
    (texts.heading_order, L, source("saw", FENCED)),
    (
        texts.prose_length,
        L,
        source("saw", f"{WORDS[:250]}\n\n| {WORDS} |\n\n<details>{WORDS}</details>\n\n$${WORDS}$$"),
    ),
    (texts.prose_length, L, source("recap", f"## Recap\n\n{WORDS}")),
    (texts.alt_text, S, output("three", picture("A square."))),
    (texts.banned_words, L, source("saw", f"`just`, adjust, [so](https://x.org/just)\n\n{FENCED}")),
    (
        texts.predictions,
        L,
        swap("see", "**Predict**", "**Predict** … **What you saw** … **Predict**"),
    ),
    (code.cell_length, S, source("three", "a = 1\n" * 26)),
    (code.parameters, L, swap("parameters", "PROFILE", "# A note.\n\nSEED = 1  #@param\nPROFILE")),
    (code.portable, L, source("three", "url = 'https://x.org/home/a'\nb = f'{folder}/content'")),
    (code.compared, L, insert(new_markdown_cell("## Aside", id="aside"), after="check-4")),
    (
        exercises.exercise_parts,
        L,
        swap("exercise-1", "../", "https://github.com/ada/colour/blob/main/"),
    ),
    (exercises.exercise_cells, L, insert(new_code_cell("1", id="one"), after="exercise-1")),
    (exercises.exercise_cells, L, source("answer-1", "square_1 = ...  # your answer")),
]


def _check_first(cell):
    """Sorts the cells of the second exercise into: question, check, answer; then the rest."""
    order = ["header", "exercise-1", "answer-1", "check-1", "exercise-2", "check-2", "answer-2"]
    return order.index(cell.id) if cell.id in order else len(order)


def findings(lint, tiny, tree, change):
    nb = tiny.read(tree)
    change(nb)
    return [
        str(finding)
        for finding in lint(f"{tree}/01_tiny.ipynb", nb, course_config.load(tiny.root).lessons[0])
    ]


@pytest.mark.parametrize(("lint", "tree", "change", "said"), FIRES)
def test_it_fires(tiny, lint, tree, change, said):
    assert findings(lint, tiny, tree, lambda nb: None) == []
    lines = findings(lint, tiny, tree, change)
    assert any(said in line for line in lines), lines
    assert all(line.startswith(f"{tree}/01_tiny.ipynb: ") for line in lines)


@pytest.mark.parametrize(("lint", "tree", "change"), SILENT)
def test_it_is_silent(tiny, lint, tree, change):
    assert findings(lint, tiny, tree, change) == []


def test_every_lint_is_listed_and_tried():
    values = [value for module in (texts, code, exercises) for value in vars(module).values()]
    lints = {value for value in values if "lesson" in getattr(value, "__annotations__", {})}
    assert set(LINTS) == lints == {row[0] for row in FIRES}


def run(tiny, capsys):
    capsys.readouterr()
    status = check.main(argparse.Namespace(), tiny.root)
    return status, capsys.readouterr().out.splitlines()


def test_the_command_counts_what_it_finds(tiny, capsys):
    assert run(tiny, capsys) == (0, ["0 findings."])
    (tiny.root / "course/notes.md").write_text(
        "Fine.\n\n```\njust\n```\n\nIt is just so.\n", "utf-8"
    )
    expected = "course/notes.md: line 7: the word 'just': leave it out or say it differently."
    assert run(tiny, capsys) == (1, [expected, "1 finding."])


def test_the_command_reads_both_trees(tiny, capsys):
    tiny.replace("saw", "nine", "simply nine")
    tiny.store()
    tiny.build()
    status, lines = run(tiny, capsys)
    assert status == 1
    assert [line.split("/")[0] for line in lines] == ["solutions", "lessons", "2 findings."]
    assert lines[0] == (
        "solutions/01_tiny.ipynb: cell 6 (saw): the word 'simply': leave it out or say it differently."
    )


def test_words_are_counted_as_a_person_reads_them():
    assert word_count("Two words.\n\n- and **three** more") == 5
    assert word_count("The [link text](https://a.b/c d) of $L = a + b$ in `x + y` here") == 8
    assert "secret" not in prose("a `secret` <b title='secret'>b</b> <!-- secret -->")
