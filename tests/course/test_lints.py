"""Each lint finds nothing in a good notebook, and the one thing it is for in a bad one."""

import argparse
import dataclasses

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.tool import check, course_config
from course.tool.lints import LINTS, code, exercises, spoilers, texts
from course.tool.lints.notebook_parsing import LessonNotebook, prose, word_count


def find(nb, cell_id):
    return next(cell for cell in nb.cells if cell.id == cell_id)


# Changes of a notebook, for the tables below.


def source(cell_id, text):
    return lambda nb: find(nb, cell_id).update(source=text)


def swap(cell_id, old, new):
    def change(nb):
        cell = find(nb, cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def drop(cell_id):
    return lambda nb: nb.cells.remove(find(nb, cell_id))


def insert(cell, after="saw"):
    return lambda nb: nb.cells.insert(nb.cells.index(find(nb, after)) + 1, cell)


def tags(cell_id, *names):
    return lambda nb: find(nb, cell_id).metadata.update(tags=list(names))


def output(cell_id, *outputs):
    return lambda nb: find(nb, cell_id).update(outputs=list(outputs))


def executed(cell_id, count):
    return lambda nb: find(nb, cell_id).update(execution_count=count)


def long_cells(nb):
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.source = "a = 1\n" * 9


def check_before_answer(nb):
    order = ["header", "exercise-1", "answer-1", "check-1", "exercise-2", "check-2", "answer-2"]
    nb.cells.sort(key=lambda cell: order.index(cell.id) if cell.id in order else len(order))


def large_picture_of_the_tool(nb):
    find(nb, "header").source += "x" * 76_000
    find(nb, "saw").source += "y" * 2_000


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def picture(alt=None):
    metadata = {"image/png": {"alt": alt}} if alt is not None else {}
    return new_output("display_data", data={"image/png": "aGk="}, metadata=metadata)


WORDS = "word " * 121
SECTION = new_markdown_cell("## 2 · More\n\nText.", id="more")
FENCED = "```python\n# no heading\n```"
NINE_SECTIONS = "\n\n".join(f"## {number} · A" for number in range(8))
ERROR = new_output("error", ename="E", evalue="", traceback=[])
WARNING = stream("/tmp/ipykernel_7/1.py:1: UserWarning", "stderr")
NO_ALT = "(saw): a picture has no alt text"
NO_STUB = "(exercise-2): no code cell with ### BEGIN SOLUTION"
NO_CALL = "(exercise-2): no cell calls check.q1_2("
NO_TAG = "no code cell of this section is tagged"
NO_ANSWER = "(see): **Predict** has no"
TABLE = 'TEXT = """\none 1 2\ntwo 3.5 4\nthree 5 -6\n"""'
SPOILED = 'write viz.alt_text("1.three")'
STORED = new_markdown_cell("See.\n\n<!-- result: nine -->\n<!-- end result -->", id="stored")
FOLDED = new_markdown_cell(
    f"<details><summary>9?</summary>\n\n{STORED.source}\n\n</details>", id="stored"
)
S, L = "solutions", "lessons"

FOUND = [  # lint, tree, change, part of the message
    (texts.heading_order, L, source("saw", "# Again"), "2 headings of level 1"),
    (texts.heading_order, L, swap("header", "# Lesson", "Lesson"), "0 headings of level 1"),
    (texts.heading_order, L, source("saw", "#### A"), "7 (saw): a heading of level 4 follows"),
    (texts.section_count, L, source("saw", NINE_SECTIONS), "9 numbered sections"),
    (texts.prose_length, L, swap("see", "A square", WORDS), "cell 4 (see): 12"),
    (texts.alt_text, L, source("saw", "![ ](a.png)"), NO_ALT),
    (texts.alt_text, L, source("saw", '<img src="a.png">'), NO_ALT),
    (texts.alt_text, L, source("saw", '<img alt="" src="a.png">'), NO_ALT),
    (texts.alt_text, S, output("three", picture()), "(three): a stored picture has no alt text"),
    (texts.alt_text, S, output("three", picture(" ")), "(three): a stored picture has no alt"),
    (texts.closing_sections, L, drop("wrong"), "no heading '## What can go wrong'"),
    (texts.closing_sections, L, drop("compare"), "no heading '## Your code'"),
    (texts.closing_sections, L, drop("recap"), "no heading '## Recap'"),
    (texts.closing_sections, L, drop("quiz"), "no heading '## Quiz'"),
    (texts.closing_sections, L, drop("further"), "no heading '## Going further'"),
    (texts.predictions, L, drop("saw"), NO_ANSWER),
    (texts.predictions, L, drop("see-write"), "(see): **Predict** is not where a student answers"),
    (texts.predictions, S, swap("see", "of 3.", "of 3.\n\nIt is 9."), "(see): **Predict** is not"),
    (texts.predictions, L, swap("see", "**Predict**", "Say"), "(see-write): a cell for a predict"),
    (texts.predictions, L, swap("see", "**Predict**", "**Predict** **Predict**"), NO_ANSWER),
    (texts.predictions, L, insert(SECTION, after="three"), NO_ANSWER),
    (texts.numbers_are_shown, S, source("saw", "**What you saw:** 8.3 of it."), "shows 8.3: print"),
    (texts.numbers_are_shown, S, source("saw", "**What you saw:** 97 % of it."), "shows 97: print"),
    (texts.unwritten, S, source("saw", "**What you saw:** WRITE: it."), "(saw): not written yet"),
    (texts.unwritten, S, source("three", "print(9)  # WRITE: more"), "(three): not written yet"),
    (spoilers.open_predictions, L, source("three", "show(alt='It is 9.')"), SPOILED),
    (
        spoilers.open_predictions,
        S,
        source("three", "alt = f'It is {3**2}.'\nshow(alt=alt)"),
        SPOILED,
    ),
    (spoilers.open_predictions, L, source("three", "alt = x\nalt += ' and 9'"), SPOILED),
    (spoilers.open_predictions, L, source("three", TABLE), "this table can be read before"),
    (spoilers.open_predictions, L, source("three", "alt = ('It ' 'is 9.')"), SPOILED),
    (spoilers.open_predictions, L, source("three", "alt = 'It is ' + str(9)"), SPOILED),
    (
        spoilers.open_predictions,
        L,
        insert(STORED, after="see-write"),
        "(stored): this text can be read",
    ),
    (code.cell_length, L, source("three", "a = 1\n" * 26), "(three): 26 lines"),
    (code.cell_length, L, long_cells, "more than 8 lines"),
    (code.line_length, L, source("three", f"a = '{'b' * 96}'"), "(three): a line of 102 columns"),
    (code.parameters, L, drop("parameters"), "0 cells are tagged 'parameters'"),
    (code.parameters, L, tags("three", "parameters"), "2 cells are tagged 'parameters'"),
    (code.parameters, L, source("parameters", "SEED = 0  # @param"), "PROFILE is not set"),
    (code.parameters, L, swap("parameters", "# @param", "#"), "line 1 is not an assignment"),
    (code.parameters, L, swap("parameters", "PRO", "import os  # @param\nPRO"), "line 1 is not"),
    (code.portable, L, source("three", "import sys\nsys.path.append('x')"), "sys.path is used"),
    (code.portable, L, source("three", "import os\nos.chdir('x')"), "os.chdir is used"),
    (code.portable, L, source("three", "%cd x"), "%cd is used"),
    (code.portable, L, source("three", "open('/content/x')"), "the path /content exists"),
    (code.portable, L, source("three", "open('/home/me/x')"), "the path /home exists"),
    (code.portable, L, source("three", "open('/tmp/x')"), "the path /tmp exists"),
    (code.portable, L, source("three", "open('/Users/me/x')"), "the path /Users exists"),
    (code.portable, L, source("three", r"open('C:\\x')"), "(three)"),
    (code.portable, S, output("three", WARNING), "silence it"),
    (code.executed, S, executed("three", None), "(three): the first of 1 cells"),
    (code.executed, S, output("three", ERROR), "is an error"),
    (code.executed, S, swap("answer-1", "x**2", "x*x"), "outputs are older than the source"),
    (code.compared, L, tags("three"), f"(see): {NO_TAG}"),
    (code.compared, L, insert(SECTION), f"(more): {NO_TAG}"),
    (code.compared, L, source("saw", "## 2 · A\n\n## 3 · B"), f"(saw): {NO_TAG}"),
    (code.compared, S, output("three"), "(three): tagged 'nbval-check-output' without a stored"),
    (code.compared, S, output("three", stream("9", "stderr")), "without a stored text"),
    (code.compared, S, output("three", stream("9"), picture("A.")), "nbval cannot compare"),
    (code.size, L, source("saw", "x" * 76_000), "at most 76000"),
    (code.size, S, source("saw", "x" * 420_000), "at most 420000"),
    (code.size, L, large_picture_of_the_tool, "(saw) is the largest cell"),
    (exercises.exercise_count, L, tags("exercise-1"), "3 cells are tagged 'exercise', expected 4"),
    (exercises.exercise_count, L, swap("exercise-4", "broken on", "on"), "'broken on purpose'"),
    (exercises.exercise_numbers, L, swap("exercise-2", "1.2", "1.3"), "'### Exercise 1.2 · Title'"),
    (exercises.exercise_numbers, L, swap("exercise-2", " · Square", ""), "expected '### Exercise"),
    (exercises.exercise_numbers, L, swap("exercise-2", "###", "####"), "expected '### Exercise"),
    (exercises.exercise_parts, L, swap("exercise-1", "●○○ gentle", "easy"), "its line of facts"),
    (exercises.exercise_parts, L, swap("exercise-1", "about 5 minutes", "s"), "its line of facts"),
    (exercises.exercise_parts, L, swap("exercise-1", "→", "to"), "its line of facts"),
    (exercises.exercise_parts, L, swap("exercise-1", "You should see", "See"), "its sentence"),
    (exercises.exercise_parts, L, swap("exercise-1", "01_tiny", "02"), "its link to ../solutions"),
    (exercises.exercise_cells, L, drop("answer-2"), NO_STUB),
    (exercises.exercise_cells, S, drop("answer-2"), NO_STUB),
    (exercises.exercise_cells, L, drop("check-2"), NO_CALL),
    (exercises.exercise_cells, L, drop("why"), "(exercise-4): no cell above its stub is tagged"),
    (exercises.exercise_cells, L, swap("check-2", "q1_2", "q1_3"), NO_CALL),
    (exercises.exercise_cells, L, check_before_answer, NO_CALL),
]
NOT_PROSE = f"{WORDS[:550]}\n\n| {WORDS} |\n\n<details>{WORDS}</details>\n\n$${WORDS}$$"
PREDICT_TWICE = "**Predict** … **What you saw** … **Predict**"
WITH_NOTE = "# A note.\n\nSEED = 1  #@param\nPROFILE"
URL = "url = 'https://x.org/home/a'\nb = f'{folder}/content'"
HOSTED = "https://github.com/ada/colour/blob/main/"
NOT_FOUND = [
    (texts.heading_order, L, source("saw", FENCED)),
    (texts.prose_length, L, source("saw", NOT_PROSE)),
    (texts.prose_length, L, source("recap", f"## Recap\n\n{WORDS}")),
    (texts.alt_text, S, output("three", picture("A square."))),
    (texts.predictions, L, swap("see", "**Predict**", PREDICT_TWICE)),
    (spoilers.open_predictions, L, source("three", "show(alt=viz.alt_text('1.three'))")),
    (spoilers.open_predictions, L, source("three", "title = 'It is 9.'")),
    (spoilers.open_predictions, L, source("three", "x = 1 + 2\ny = 3 * 4\nz = f(5, 6)")),
    (spoilers.open_predictions, L, source("check-1", "show(alt='It is 9.')")),
    (spoilers.open_predictions, L, insert(FOLDED, after="see-write")),
    (spoilers.open_predictions, L, insert(STORED, after="three")),
    (texts.numbers_are_shown, S, source("saw", "**What you saw:** 9.0 dB, 3x3, lesson 2.")),
    (texts.numbers_are_shown, L, source("saw", "**What you saw:** 8.3 dB.")),
    (texts.unwritten, L, source("saw", "**What you saw:** WRITE: it.")),
    (code.cell_length, S, source("three", "a = 1\n" * 26)),
    (code.line_length, L, source("three", f"a = '{'b' * 94}'")),
    (code.parameters, L, swap("parameters", "PROFILE", WITH_NOTE)),
    (code.portable, L, source("three", URL)),
    (code.compared, L, insert(new_markdown_cell("## Aside", id="aside"), after="check-4")),
    (exercises.exercise_parts, L, swap("exercise-1", "../", HOSTED)),
    (exercises.exercise_cells, L, insert(new_code_cell("1", id="one"), after="exercise-1")),
    (exercises.exercise_cells, L, source("answer-1", "square_1 = ...  # your answer")),
]


def read_book(tiny, tree):
    lesson = course_config.load(tiny.root).lessons[0]
    return LessonNotebook(f"{tree}/01_tiny.ipynb", tiny.read(tree), lesson)


def lines_after(tiny, lint, tree, change):
    book = read_book(tiny, tree)
    change(book.nb)
    return [str(book.finding(number, text)) for number, text in lint(book)]


@pytest.mark.parametrize(("lint", "tree", "change", "message"), FOUND)
def test_lint_names_file_and_problem(tiny, lint, tree, change, message):
    assert lines_after(tiny, lint, tree, lambda nb: None) == []
    lines = lines_after(tiny, lint, tree, change)
    assert any(message in line for line in lines), lines
    assert all(line.startswith(f"{tree}/01_tiny.ipynb: ") for line in lines)


@pytest.mark.parametrize(("lint", "tree", "change"), NOT_FOUND)
def test_lint_on_good_notebook_finds_nothing(tiny, lint, tree, change):
    assert lines_after(tiny, lint, tree, change) == []


def test_lesson_has_as_many_exercises_as_its_entry_allows(tiny):
    book = read_book(tiny, L)
    first = dataclasses.replace(book.lesson, exercises=(2, 3))
    book = dataclasses.replace(book, lesson=first)
    assert "expected 2 to 3" in str(next(exercises.exercise_count(book)))
    find(book.nb, "exercise-1").metadata.tags = []
    assert not list(exercises.exercise_count(book))


def test_dropped_exercise_leaves_its_number_free(tiny):
    book = read_book(tiny, L)
    for name in ("exercise-2", "answer-2", "check-2"):
        drop(name)(book.nb)
    assert len(list(exercises.exercise_numbers(book))) == 2
    lesson = dataclasses.replace(book.lesson, exercises=(3, 8), dropped_exercises=(2,))
    book = dataclasses.replace(book, lesson=lesson)
    assert not list(exercises.exercise_numbers(book)) + list(exercises.exercise_cells(book))
    assert exercises.exercise_names(book) == ["1.1", "1.3", "1.4"]


def test_every_lint_is_listed_and_tested():
    values = [
        value for module in (texts, code, exercises, spoilers) for value in vars(module).values()
    ]
    lints = {value for value in values if "Problems" in str(getattr(value, "__annotations__", ""))}
    assert set(LINTS) == lints - {LessonNotebook} == {row[0] for row in FOUND}


def test_descriptions_belong_to_their_figures(tiny):
    table = tiny.root / spoilers.ALT_TEXTS
    tiny.replace("three", "print(3**2)", "show(alt=viz.alt_text('1.three'))")
    (line,) = map(str, spoilers.alt_texts(tiny.root))
    assert "(three): colorlib/viz/alt_texts.toml has no 'three' in [\"1\"]: describe it." in line
    table.parent.mkdir(parents=True)
    table.write_text('["1"]\nthree = "It is 9."\n', "utf-8")
    assert not list(spoilers.alt_texts(tiny.root))
    tiny.replace("three", "1.three", "1.four")
    found = "\n".join(map(str, check.findings(tiny.root)))
    assert "(three): viz.alt_text has '1.four': write '1.three'." in found
    assert "alt_texts.toml: no figure uses the description '1.three': remove it." in found


def run(tiny, capsys):
    capsys.readouterr()
    status = check.main(argparse.Namespace(), tiny.root)
    return status, capsys.readouterr().out.splitlines()


def test_check_counts_what_it_finds_in_texts(tiny, capsys):
    assert run(tiny, capsys) == (0, ["0 findings."])
    text = "Fine.\n\n```\njust\n```\n\nIt is just so.\n"
    (tiny.root / "course/notes.md").write_text(text, "utf-8")
    status, lines = run(tiny, capsys)
    assert status == 1 and lines[-1] == "1 finding."
    assert lines[0].startswith("course/notes.md: line 7: 'just': write nothing or another word")


def test_check_reads_both_trees(tiny, capsys):
    tiny.replace("saw", "nine", "simply nine")
    tiny.store()
    tiny.build()
    status, lines = run(tiny, capsys)
    assert status == 1
    assert [line.partition(": cell")[0] for line in lines] == [
        "lessons/01_tiny.ipynb",
        "solutions/01_tiny.ipynb",
        "2 findings.",
    ]
    assert lines[1].startswith("solutions/01_tiny.ipynb: cell 7 (saw): 'simply': write")


def test_words_are_counted_without_markup():
    assert word_count("Two words.\n\n- and **three** more") == 5
    assert word_count("The [link text](https://a.b/c d) of $L = a + b$ in `x + y` here") == 8
    assert "secret" not in prose("a `secret` <b title='secret'>b</b> <!-- secret -->")


def test_prose_keeps_the_number_of_lines():
    text = "a\n```\ncode\n```\n<!-- a\nb --> `c\nd` [e](f)\ng"
    assert prose(text).count("\n") == text.count("\n")
