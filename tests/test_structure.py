"""The structure of the library: two rings, no import cycles, readable sizes, telling names."""

import ast
import graphlib
import io
import statistics
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "colorlib"
MODULES = sorted(LIBRARY.rglob("*.py"))
CORE = sorted(LIBRARY.glob("*.py"))
WORKSHOP = [path for path in MODULES if path not in CORE and path.parts[-2] != "check"]
CHECKS = sorted((LIBRARY / "check").glob("*.py"))

# Limits for a reader. They are never raised: split an idea, or delete one.
CORE_LINES, CORE_FILES = 1800, 16
CHECK_LINES = 1200  # the machinery of the checks
LESSON_CHECK_LINES = 900  # the cases and the known mistakes of one lesson
FILE_LINES = 300  # with docstrings and comments
MEDIAN_LINES = 60  # of code, over the files of both rings

# The taught core may use these parts of the workshop, and nothing else.
CORE_USES = {
    "colorlib.data.augment",
    "colorlib.engine",
    "colorlib.inference",
    "colorlib.io",
    "colorlib.models.backbones",
    "colorlib.models.registry",
    "colorlib.models.schema",
    "colorlib.pretrained",
}
VAGUE = {"how", "what", "kind", "some", "least", "most", "said", "told", "other", "found", "wanted"}


def relative(path):
    return path.relative_to(LIBRARY).as_posix()


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path): path for path in MODULES}


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def runtime_nodes(tree):
    """Walk a syntax tree, leaving out what only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if not is_type_checking(node):
            yield node
            yield from runtime_nodes(node)


def imported_modules(path):
    """List the modules of colorlib that a file imports, at its top or inside a function."""
    found = set()
    for node in runtime_nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: use absolute imports"
            assert all(alias.name != "*" for alias in node.names), f"{path}: star import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in NAMES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def code_lines(path):
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    source, lines, docstrings = path.read_text("utf-8"), set(), set()
    for node in ast.walk(ast.parse(source)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    no_code = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in no_code and token.type != tokenize.ENDMARKER:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_core_stays_within_its_limits():
    assert len(CORE) <= CORE_FILES
    assert sum(map(code_lines, CORE)) <= CORE_LINES


def test_checks_stay_within_their_limits():
    lines = dict.fromkeys(["", *(f"lesson{i:02}" for i in range(100))], 0)
    for path in CHECKS:
        lesson = path.name[:8] if path.name.startswith("lesson") else ""
        lines[lesson] += code_lines(path)
    assert lines.pop("") <= CHECK_LINES
    assert max(lines.values()) <= LESSON_CHECK_LINES


def test_median_file_is_a_room_and_not_a_crumb():
    files = [path for path in CORE + WORKSHOP if not path.name.startswith("__")]
    assert statistics.median(map(code_lines, files)) >= MEDIAN_LINES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_file_is_short_enough_to_read(path):
    is_table = path.name.startswith(
        "lesson"
    )  # exercises, known mistakes and hints: read by the row
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= (400 if is_table else FILE_LINES), "split it: one idea each"


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_core_imports_little_of_the_workshop(path):
    for name in imported_modules(path):
        if name.startswith("colorlib.") and NAMES.get(name) not in CORE:
            if path.name == "__main__.py":
                assert name == "colorlib.cli"
            else:
                assert any(name == part or name.startswith(f"{part}.") for part in CORE_USES), name


def test_modules_import_without_cycles():
    graph = {}
    for name, path in NAMES.items():
        # A package's __init__ only re-exports: what counts is the module behind it.
        graph[name] = {other for other in imported_modules(path) if other in NAMES} - {name}
    graphlib.TopologicalSorter(graph).prepare()


def test_library_never_imports_the_course():
    for path in MODULES:
        assert not any(name.split(".")[0] == "course" for name in imported_modules(path)), path


def test_packages_are_never_nested_deeper_than_one():
    assert all(len(path.relative_to(LIBRARY).parts) <= 2 for path in MODULES)


def public_functions():
    for path in CORE + WORKSHOP:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield path, node


def test_public_parameters_have_telling_names():
    vague = [
        f"{relative(path)}:{node.name}({argument.arg})"
        for path, node in public_functions()
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if argument.arg in VAGUE
    ]
    assert vague == []


@pytest.mark.parametrize("package", ["colorlib", "colorlib.check", "colorlib.cli", "colorlib.data"])
def test_import_is_lazy(package):
    heavy = {"torch", "matplotlib", "skimage", "ipywidgets"}
    code = f"import sys, {package}; print(*(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
