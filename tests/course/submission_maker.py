"""Made-up notebooks by honest students, with the outcomes that they must get."""

from __future__ import annotations

import ast
import copy
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
LESSON = "03_patchgan"
EXERCISES = ("3.1", "3.2", "3.3", "3.4", "3.5")

RIGHT = {
    "3.1": """def receptive_field(net):
    field, jump = 1, 1
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            field = field + (layer.kernel_size[0] - 1) * jump
            jump = jump * layer.stride[0]
    return field""",
    "3.2": """def patch_discriminator(in_channels=3, base_channels=64):
    c = base_channels
    layers = [nn.Conv2d(in_channels, c, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for before, after, stride in ((c, 2 * c, 2), (2 * c, 4 * c, 2), (4 * c, 8 * c, 1)):
        layers.append(nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=False))
        layers.append(nn.BatchNorm2d(after))
        layers.append(nn.LeakyReLU(0.2))
    layers.append(nn.Conv2d(8 * c, 1, 4, padding=1))
    return nn.Sequential(*layers)""",
    "3.3": """def pairs(L, ab):
    shifted = torch.roll(ab, shifts=1, dims=0)
    return torch.cat((L, ab), dim=1), torch.cat((L, shifted), dim=1)""",
    "3.4": """def most_fake_patch(logits, side):
    rows, columns = logits.shape[-2:]
    i, j = divmod(int(logits.argmin()), columns)
    top, left = 8 * i - 23, 8 * j - 23
    clip = lambda x: max(0, min(side, x))
    return clip(top), clip(left), clip(top + 70), clip(left + 70)""",
    "3.5": """def fixed_loss(net, true, wrong):
    logits = net[:-1]
    on_true, on_wrong = logits(true), logits(wrong)
    first = F.binary_cross_entropy_with_logits(on_true, torch.ones_like(on_true))
    second = F.binary_cross_entropy_with_logits(on_wrong, torch.zeros_like(on_wrong))
    return (first + second) / 2""",
}
# Wrong answers: exercise -> code, and a part of the likely cause.
WRONG = {
    "3.1": (RIGHT["3.1"].replace("jump = jump * layer.stride[0]", "pass"), "ignore strides"),
    "3.2": (RIGHT["3.2"].replace(", bias=False", ""), "bias"),
    "3.3": (RIGHT["3.3"].replace("shifts=1", "shifts=-1"), "next image"),
    "3.4": (RIGHT["3.4"].replace("argmin", "argmax"), "most *real*"),
    "3.5": (RIGHT["3.5"].replace("net[:-1]", "net"), "twice"),
}
STRANGE = RIGHT["3.1"].replace("return field", "return field * 3 + 17")


@dataclass
class Kind:
    """A kind of submission.

    Args:
        name: In a word or two.
        data: The file.
        expected: Exercise -> outcome; an exercise that is not named must have passed.
        remark: A part of a sentence that the table must say; "" for none.
        file_name: How the file is called.
        slow: Whether it takes as long as the limits allow; only the long version runs such kinds.
        hostile: Whether it is damaged or attacks.
        causes: Parts of the likely causes that the feedback must name.
    """

    name: str
    data: bytes
    expected: dict[str, str] = field(default_factory=dict)
    remark: str = ""
    file_name: str = f"{LESSON}.ipynb"
    slow: bool = False
    hostile: bool = False
    causes: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The name of its folder, and so of its student."""
        return self.name.replace("/", "-")


@dataclass
class Material:
    """The parts of the submissions of one lesson.

    Args:
        lesson: Its name.
        right: Exercise -> a right answer.
        wrong: Exercise -> a wrong answer, and a part of its likely cause.
        checked: Exercise -> the name of the function that its check takes.
    """

    lesson: str
    right: dict[str, str]
    wrong: dict[str, tuple[str, str]]
    checked: dict[str, str]

    @cached_property
    def blank(self) -> dict:
        """The lesson as students get it."""
        return json.loads((ROOT / f"lessons/{self.lesson}.ipynb").read_text("utf-8"))

    @property
    def exercises(self) -> list[str]:
        """The numbers of its exercises."""
        return list(self.right)

    @property
    def first(self) -> str:
        """The exercise that hostile cells belong to."""
        return self.exercises[0]

    @property
    def called(self) -> str:
        """The exercise whose function attacks as soon as the check calls it."""
        return self.exercises[:3][-1]

    def notebook(
        self,
        answers: dict[str, str] | None = None,
        edit: Callable[[dict], object] | None = None,
    ) -> dict:
        """Return the lesson with answers, or with all right ones; what is not named is a stub."""
        nb = copy.deepcopy(self.blank)
        for exercise, code in (self.right if answers is None else answers).items():
            cell(nb, f"e{exercise[-1]}-stub")["source"] = code
        if edit:
            edit(nb)
        return nb

    def kind(self, name: str, answers: dict[str, str] | None = None, edit=None, **facts) -> Kind:
        """Return a kind that is a notebook of this lesson."""
        facts = {"file_name": f"{self.lesson}.ipynb"} | facts
        return Kind(name, to_bytes(self.notebook(answers, edit)), **facts)

    def replaced(self, exercise: str, source: str) -> dict[str, str]:
        """Return the right answers, one of them replaced."""
        return {**self.right, exercise: source}

    def with_first_line(self, exercise: str, line: str) -> dict[str, str]:
        """Return the right answers; one function does something else first."""
        lines, name = self.right[exercise].split("\n"), self.checked[exercise]
        functions = [
            node
            for node in ast.parse(self.right[exercise]).body
            if isinstance(node, ast.FunctionDef) and node.name == name
        ]
        body = functions[-1].body[0]
        lines.insert(body.lineno - 1, " " * body.col_offset + line)
        return self.replaced(exercise, "\n".join(lines))

    def all_outcomes(self, outcome: str) -> dict[str, str]:
        """Return the same outcome for every exercise."""
        return dict.fromkeys(self.exercises, outcome)


LESSON_3 = Material(
    LESSON,
    RIGHT,
    WRONG,
    {
        "3.1": "receptive_field",
        "3.2": "patch_discriminator",
        "3.3": "pairs",
        "3.4": "most_fake_patch",
        "3.5": "fixed_loss",
    },
)
notebook, replaced = LESSON_3.notebook, LESSON_3.replaced


def cell(nb: dict, cell_id: str) -> dict:
    """Return a cell by its id."""
    return next(one for one in nb["cells"] if one["id"] == cell_id)


def insert(nb: dict, before: str, source: str, cell_id: str = "mine") -> None:
    """Insert a code cell above another."""
    index = nb["cells"].index(cell(nb, before))
    new = {"cell_type": "code", "execution_count": None, "id": cell_id, "metadata": {}}
    nb["cells"].insert(index, new | {"outputs": [], "source": source})


def to_bytes(nb: dict) -> bytes:
    """Return the bytes of a notebook file."""
    return json.dumps(nb, indent=1).encode()


def remove(*ids: str):
    """Return an edit that deletes cells."""
    return lambda nb: nb.update(cells=[one for one in nb["cells"] if one["id"] not in ids])


def without_ids(nb: dict) -> None:
    """Lose all ids, as a notebook of format 4.4 does."""
    nb["nbformat_minor"] = 4
    for one in nb["cells"]:
        del one["id"]


def as_colab(nb: dict) -> None:
    """Change a notebook as Colab does: ids in the metadata, its own keys, minor 0."""
    nb["nbformat_minor"] = 0
    nb["metadata"] |= {"accelerator": "GPU", "colab": {"gpuType": "T4", "name": "Copy of it.ipynb"}}
    for one in nb["cells"]:
        one["metadata"] |= {"id": one.pop("id"), "outputId": "1234", "colab": {"height": 35}}


def as_vscode(nb: dict) -> None:
    """Change a notebook as VS Code does: new random ids, own metadata, a kernel of conda."""
    nb["metadata"]["kernelspec"] = {"name": "myenv", "display_name": "myenv (Python 3.12)"}
    for number, one in enumerate(nb["cells"]):
        one["id"] = f"{number:08x}"
        one["metadata"]["vscode"] = {"languageId": "python"}


def honest_kinds(of: Material = LESSON_3) -> list[Kind]:
    """Notebooks of honest students, as they come."""
    first, called = of.first, of.called
    broken = f"def {of.checked[called]}(x):\n    return x +"
    half = {first: of.right[first], called: broken}
    helper = "import math\n\ndef product(numbers):\n    return math.prod(numbers)"
    failing_example = of.right[first] + f"\n\n{of.checked[first]}(*range(99))"
    last = of.exercises[-1]
    ours = f"from colorlib.check.lesson{of.lesson[:2]} import GRADERS\n\n"
    ours += f"{of.checked[first]} = GRADERS[{first!r}].reference"
    copied = f"{of.checked[called]} = check.q{called.replace('.', '_')}({of.checked[called]})"
    opened = of.notebook({})["cells"]
    ids = [one["id"] for one in opened]
    below = opened[ids.index(f"e{first[-1]}-check") + 1]["id"]

    def adds_import(nb):
        start = next(one for one in nb["cells"] if one["id"] in ("start", "s1-strip"))
        start["source"] = "import math\n" + "".join(start["source"])

    def keeps_little(nb):
        nb["cells"] = [one for one in nb["cells"] if one["id"].endswith(("-stub", "-check"))]

    def loses_checks(nb):
        remove(f"e{first[-1]}-check", f"e{called[-1]}-check")(nb)
        insert(nb, f"e{last[-1]}-stub", copied, "copied")
        if last != called:
            cell(nb, f"e{last[-1]}-check")["source"] = "print('passed')"

    def has_magics(nb):
        insert(nb, f"e{called[-1]}-stub", "%matplotlib inline\n!pip install einops")

    return [
        of.kind("all right"),
        of.kind("untouched", {}, expected=of.all_outcomes("not attempted")),
        of.kind(
            "all wrong",
            {n: code for n, (code, _) in of.wrong.items()},
            expected=of.all_outcomes("wrong"),
        ),
        of.kind(
            "half done",
            half,
            expected=of.all_outcomes("not attempted") | {first: "passed", called: "raised"},
        ),
        of.kind("check cells deleted, edited and copied", None, loses_checks),
        of.kind(
            "answer cell deleted",
            None,
            remove(f"e{called[-1]}-stub"),
            expected={called: "not attempted"},
            remark="No cell of the notebook answers",
        ),
        of.kind("only answers and checks", None, keeps_little),
        of.kind(
            "a helper cell",
            of.with_first_line(first, "product([2, 3])"),
            lambda nb: insert(nb, f"e{first[-1]}-stub", helper),
        ),
        of.kind(
            "an import in the first cell", of.with_first_line(first, "math.sqrt(4)"), adds_import
        ),
        of.kind(
            "the answer below its check",
            {},
            lambda nb: insert(nb, below, of.right[first]),
            expected=of.all_outcomes("not attempted") | {first: "passed"},
            remark="below its check",
        ),
        of.kind("Colab", None, as_colab, file_name=f"Copy of {of.lesson}.ipynb"),
        of.kind("VS Code, with a kernel of conda", None, as_vscode, remark="lost their ids"),
        of.kind("no ids", None, without_ids, remark="lost their ids"),
        of.kind("magics", of.replaced(called, "%%time\n" + of.right[called]), has_magics),
        of.kind("a wrong file name", file_name="homework (1).ipynb"),
        of.kind(
            "the library's own",
            {first: ours},
            expected=of.all_outcomes("not attempted"),
            remark="library's own function",
        ),
        of.kind("an example call that fails", of.replaced(first, failing_example)),
    ]


def unexplained_kind() -> Kind:
    """Return a wrong answer that no known mistake explains."""
    strange = replaced("3.1", STRANGE)
    return LESSON_3.kind("a mistake without a name", strange, expected={"3.1": "wrong"})


def read_rows(out: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return student -> exercise -> row of grades.csv."""
    rows = {}
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["student"], {})[row["exercise"]] = row
    return rows


def wrong_grades(kinds, rows, exercises, pages: dict[str, str]) -> list[str]:
    """Return a sentence for each submission that did not get what it must get.

    Args:
        kinds: The class.
        rows: Of :func:`read_rows`.
        exercises: Of the lesson.
        pages: Student -> words of the feedback page; only those of kinds with causes are read.
    """
    problems = []
    for kind in kinds:
        own = rows[kind.folder]
        for exercise in exercises:
            outcome, expected = own[exercise]["outcome"], kind.expected.get(exercise, "passed")
            points = "1" if expected == "passed" else "0"
            if (outcome, own[exercise]["points"]) != (expected, points):
                problems.append(f"{kind.name}, {exercise}: {outcome}, expected {expected}")
        wanted = [kind.remark] if kind.remark else []
        said = " ".join(row["remark"] for row in own.values())
        problems += [f"{kind.name}: no remark {text!r}" for text in wanted if text not in said]
        missing = [cause for cause in kind.causes if cause not in pages[kind.folder]]
        problems += [f"{kind.name}: no cause {cause!r}" for cause in missing]
    return problems
