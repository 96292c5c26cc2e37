"""No source of the project passes text to a shell, to pickle or to eval; packages are audited."""

import ast
import json
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "code.interact"}
FUNCTIONS |= {"subprocess.getoutput", "subprocess.getstatusoutput", "torch.jit.load"}
FUNCTIONS |= {"pickle.load", "pickle.loads", "pickle.Unpickler", "dill.load", "joblib.load"}
FUNCTIONS |= {"marshal.load", "marshal.loads", "shelve.open", "pandas.read_pickle"}
FUNCTIONS |= {"yaml.load", "yaml.unsafe_load", "tempfile.mktemp"}
METHODS = {"extractall", "unpack_archive"}
MODULES = {"pickle", "marshal", "shelve", "dill"}
LOADERS = ("torch.load", "torch.hub.load_state_dict_from_url")


def find_unsafe_calls(source):
    """Return the unsafe calls and imports in a Python source."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            found.append(f"from {node.module}")
        if isinstance(node, ast.Call) and is_unsafe(node):
            found.append(ast.unparse(node.func))
    return found


def is_unsafe(call):
    name = ast.unparse(call.func)
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    if name in FUNCTIONS or name.rpartition(".")[2] in METHODS:
        return True
    if options.get("shell", "False") != "False" or options.get("allow_pickle", "False") != "False":
        return True
    if name in LOADERS or name.endswith("load_state_dict_from_url"):
        return options.get("weights_only") != "True"
    if options.get("verify") == "False":
        return True
    return "load_state" in name and options.get("strict") == "False"


def read_notebook(path):
    """Return the code of a notebook, without shell commands and magics."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = "\n".join(code).splitlines()
    return "\n".join("pass" if line.startswith(("!", "%")) else line for line in lines)


def test_no_source_has_unsafe_calls(record_trials):
    paths = [
        path
        for part in ("colorlib", "course", "benchmarks")
        for path in ROOT.glob(f"{part}/**/*.py")
    ]
    sources = {path: path.read_text("utf-8") for path in paths}
    sources |= {path: read_notebook(path) for path in ROOT.glob("solutions/*.ipynb")}
    assert len(sources) > 150
    found = {str(path): find_unsafe_calls(source) for path, source in sources.items()}
    found.pop(str(ROOT / "course/tool/grade/student_process.py"))  # runs answers, in the sandbox
    found = {path: calls for path, calls in found.items() if calls}
    assert not found
    record_trials("source searched for unsafe calls", len(sources), len(found))


UNSAFE = """
subprocess.run('ls ' + name, shell=True)
subprocess.Popen(x, shell=flag)
os.system('ls')
eval(x)
pickle.load(f)
from pickle import load
np.load(f, allow_pickle=True)
torch.load(f)
torch.load(f, weights_only=False)
torch.hub.load_state_dict_from_url(url)
tar.extractall()
yaml.load(f)
net.load_state_dict(w, strict=False)
requests.get(url, verify=False)
"""
SAFE = """
net.eval()
re.compile('a')
torch.load(f, weights_only=True)
np.load(f)
subprocess.run(['ls'], check=True)
ast.literal_eval(x)
"""


@pytest.mark.parametrize(("lines", "is_unsafe"), [(UNSAFE, True), (SAFE, False)])
def test_find_unsafe_calls_recognizes_each(lines, is_unsafe):
    for line in lines.strip().splitlines():
        assert bool(find_unsafe_calls(f"def f():\n    {line}")) is is_unsafe, line


def test_weekly_run_audits_every_installed_package():
    workflow = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    (script,) = [step["run"] for step in steps if "pip-audit" in step.get("run", "")]
    assert "pip freeze" in script and "--requirement installed.txt" in script
