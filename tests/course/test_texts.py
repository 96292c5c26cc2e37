"""The texts around the notebooks are true: messages, commands, terms, places."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from colorlib import cli
from colorlib.check.result import Outcome
from course.tool import course_config, notebooks
from course.tool.boilerplate_cells import TAGS
from course.tool.cli import COMMANDS
from course.tool.course_config import ROOT
from course.tool.lints.notebook_parsing import prose
from course.tool.markdown import blank_code_blocks

TEXTS = sorted((ROOT / "course").glob("*.md"))
LESSONS = course_config.load(ROOT).lessons


def read(name):
    return (ROOT / name).read_text("utf-8")


def messages():
    """Every text in the library's code; braces end one text and begin the next."""
    found = {"CUDA out of memory", "No space left on device"}  # from PyTorch and the system
    for path in (ROOT / "colorlib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    found.add(read("Makefile"))
    printed = ["course/tool/boilerplate_cells.py", "course/tool/site/colour_page.py"]
    for path in [*(ROOT / file for file in printed), *ROOT.glob("course/tool/templates/*")]:
        found.add(path.read_text("utf-8"))
    return found


def quoted_messages():
    """The quotes in the left column of the page, split where a word varies."""
    for line in blank_code_blocks(read("course/troubleshooting.md")).splitlines():
        cells = line.split(" | ")
        if line.startswith("| ") and len(cells) == 3:
            for words in re.findall(r"`([^`]+)`|\"([^\"]+)\"", cells[0]):
                yield from (part.strip(" ;:,()") for part in "".join(words).split("…"))


def test_quoted_messages_exist_in_the_code():
    known = messages() | {"colorlib", "notebook not found", "NotImplementedError"}
    parts = [part for part in quoted_messages() if len(part) > 6]
    assert len(parts) > 70
    assert [part for part in parts if not any(part in text for text in known)] == []


def glossary_entries():
    return re.findall(r"(?m)^- \*\*(.+?)\*\*: (.+)$", read("course/glossary.md"))


def test_glossary_terms_are_sorted_and_unique():
    terms = [term.casefold() for term, _ in glossary_entries()]
    assert len(terms) > 80
    assert all(before < after for before, after in pairwise(terms))


@pytest.mark.parametrize(("term", "text"), glossary_entries())
def test_glossary_entry_is_short_and_names_its_lessons(term, text):
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", text)]
    assert numbers and numbers == sorted(set(numbers))
    assert set(numbers) <= {lesson.number for lesson in LESSONS}
    assert len(text.split()) <= 40 and text[0] == text[0].upper()


NAMING_OUTCOMES = [path for path in TEXTS if re.search("[✗↻]", path.read_text("utf-8"))]


@pytest.mark.parametrize("path", NAMING_OUTCOMES, ids=lambda path: path.name)
def test_text_that_names_an_outcome_of_a_check_names_all(path):
    text = path.read_text("utf-8")
    assert [one for one in Outcome if one.mark not in text and one is not Outcome.PASSED] == []


def test_glossary_names_every_outcome_of_a_check():
    entry = dict(glossary_entries())["check"]
    assert [one for one in Outcome if one.word not in entry] == []


FIRST_USES = {  # a term of the field, and how a lesson writes it
    "GAN": r"\bGANs?\b",
    "pix2pix": r"\bpix2pix\b",
    "PSNR": r"\bPSNR\b",
    "dB over gray": r"\bdB over gray\b",
    "chroma": r"\bchroma\b",
    "mode collapse": r"\bmode collapse\b",
    "overfitting": r"\boverfitting\b",
}


@pytest.mark.parametrize(("term", "pattern"), FIRST_USES.items())
def test_text_that_uses_a_term_first_explains_it_and_links_the_glossary(term, pattern):
    assert term in [name for name, _ in glossary_entries()]
    for lesson in LESSONS:
        nb = notebooks.read(ROOT / f"solutions/{lesson.name}.ipynb")
        for cell in nb.cells:
            if cell.cell_type != "markdown" or set(TAGS) & set(notebooks.tags(cell)):
                continue
            if re.search(pattern, prose(cell.source)):
                assert "(../course/glossary.md)" in cell.source, f"{lesson.name}: {cell.id}"
                return
    raise AssertionError(f"no lesson uses {term}")


NAMES = ("Levin", "Larsson", "Zhang", "Hwang", "Iizuka", "Baldassarre", "Nazeri")
MORE_NAMES = ("Gupta", "ColorUNet", "Futschik", "Avery", "Joshi")


@pytest.mark.parametrize("name", NAMES)
def test_works_that_the_papers_stand_on_are_named(name):
    passage = read("course/papers.md").partition("\n## What the papers stand on\n")[2]
    passage = passage.partition("\n## ")[0]
    assert f"**{name}" in passage and all(one in passage for one in MORE_NAMES)
    nb = notebooks.read(ROOT / "solutions/08_papers_compared.ipynb")
    assert f"**{name}**" in next(cell.source for cell in nb.cells if cell.id == "s2-roots")


def test_glossary_links_to_every_lesson():
    pattern = r"(?m)^\[(\d+)\]: \.\./lessons/(\S+)\.ipynb$"
    links = dict(re.findall(pattern, read("course/glossary.md")))
    assert links == {str(lesson.number): lesson.name for lesson in LESSONS}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_in_texts_exist(path):
    text = path.read_text("utf-8")
    targets = set(re.search(r"\.PHONY: (.*)", read("Makefile"))[1].split())
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert set(re.findall(r"python -m course ([a-z-]+)", text)) <= set(COMMANDS)
    named = set(re.findall(r"`colorlib ([a-z]+)", text)) - {"is"}  # "colorlib is not installed"
    assert named <= set(cli.COMMANDS)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_files_in_texts_exist(path):
    named = re.findall(r"`((?:colorlib|course|tests|benchmarks)/[\w./-]+\.\w+)`", read(path))
    written_by_readers = {"colorlib/check/lesson03.pickle"}
    assert [name for name in {*named} - written_by_readers if not (ROOT / name).exists()] == []


def arguments_of_functions():
    """Return the argument names of every function, and the fields of every class, by its name."""
    codes = [path.read_text("utf-8") for path in (ROOT / "colorlib").rglob("*.py")]
    for path in (ROOT / "solutions").glob("*.ipynb"):
        codes += [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    found = {}
    for code in codes:
        for node in ast.walk(ast.parse(re.sub("(?m)^[%!].*", "", code))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                inside = list(ast.walk(node))
                names = {one.arg for one in inside if isinstance(one, ast.arg)}
                fields = {
                    ast.unparse(one.target) for one in inside if isinstance(one, ast.AnnAssign)
                }
                found.setdefault(node.name, set()).update(names | fields)
    return found


def test_calls_in_texts_name_arguments_that_exist():
    known, tried, wrong = arguments_of_functions(), 0, []
    cells = [
        cell
        for lesson in LESSONS
        for cell in notebooks.read(ROOT / f"solutions/{lesson.name}.ipynb").cells
    ]
    texts = [read(path) for path in TEXTS] + [c.source for c in cells if c.cell_type == "markdown"]
    for code in re.findall(r"`([^`\n]+)`", "\n".join(map(blank_code_blocks, texts))):
        for name, words in re.findall(r"(\w+)\(([^()]*)\)", code):
            keys = set(re.findall(r"(?:^|, )(\w+)=", words))
            tried += bool(keys and name in known)
            if name in known and keys - known[name]:
                wrong.append(code)
    assert tried > 3 and wrong == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_text_has_one_title_and_no_local_path(path):
    text = blank_code_blocks(path.read_text("utf-8"))
    assert len(re.findall(r"(?m)^# ", text)) == 1
    assert not re.search(r"(?<![\w./])/(home|tmp|work|content)/", text)


def test_readme_or_contributing_links_to_every_text():
    text = read("README.md") + read("CONTRIBUTING.md")
    assert [path.name for path in TEXTS if f"(course/{path.name})" not in text] == []


def test_lints_named_by_accessibility_exist():
    names = re.findall(r"`(texts|links|plain_words)\.(\w+)`", read("course/accessibility.md"))
    assert len(names) > 4
    for module, name in names:
        assert f"def {name}(" in Path(ROOT, f"course/tool/lints/{module}.py").read_text("utf-8")
