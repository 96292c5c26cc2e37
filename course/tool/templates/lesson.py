"""The cells of a new lesson, in order: kind, id, tags, source. NUMBER and NAME are filled in."""

MARK = "WRITE:"

ENTRY = """\
[[lesson]]
name = "NAME"
title = "TITLE"
promise = "WRITE: what you will have made and understood, in a sentence."
picture_alt = "WRITE: what the picture at the top shows."
objectives = [
    "WRITE: something that you can do afterwards, beginning with a verb",
]
needs = "WRITE: the lessons and the knowledge that it needs"
minutes = 60
gpu_minutes = 0
difficulty = 2
"""

_START = """\
import torch

from colorlib import check

print(f"{PROFILE} run with {SEED=}, torch {torch.__version__.split('+')[0]}")"""

_SECTION = """\
## {n} · WRITE: its one idea

WRITE: the idea, in words before symbols, in at most sixty of them.

**Predict:** WRITE: a question that the next cells answer."""

_NUMBERS = """\
measured = torch.arange(3).sum().item()
print(f"WRITE: words, whole numbers or rounded ones: {measured}")"""

_SAW = "**What you saw:** WRITE: the answer to the prediction, and what follows from it."

_EXERCISE = """\
### Exercise NUMBER.{n} · {title}

●●○ medium · about 10 minutes · (n, 3, h, w) → (n, 3, h, w)

WRITE: the task, in two or three sentences. You should see WRITE: what appears two cells further on. \
[Solution](../solutions/NAME.ipynb)"""

_STUB = '''\
def answer_{n}(x):
    """WRITE: what comes in (n, 3, h, w) -> what goes out (n, 3, h, w)."""
    ### BEGIN SOLUTION
    return x  # WRITE: the answer
    ### END SOLUTION'''

_QUESTION = """\
**{n}.** WRITE: a question that asks for understanding, not for a name.

<details><summary>Answer</summary>WRITE: the answer, and why.</details>"""


def _section(n: int) -> list[tuple]:
    return [
        ("markdown", f"s{n}", (), _SECTION.format(n=n)),
        ("code", f"s{n}-numbers", ("nbval-check-output",), _NUMBERS),
        ("markdown", f"s{n}-saw", (), _SAW),
    ]


def _exercise(n: int, title: str) -> list[tuple]:
    return [
        ("markdown", f"e{n}", ("exercise",), _EXERCISE.format(n=n, title=title)),
        ("code", f"e{n}-stub", (), _STUB.format(n=n)),
        ("code", f"e{n}-check", (), f"answer_{n} = check.qNUMBER_{n}(answer_{n})"),
    ]


CELLS = [
    (
        "code",
        "parameters",
        ("parameters",),
        'PROFILE = "reduced"  # @param ["reduced", "full"]\nSEED = 0  # @param {type: "integer"}',
    ),
    ("code", "start", (), _START),
    *_section(1),
    *_exercise(1, "WRITE: title"),
    *_section(2),
    *_exercise(2, "WRITE: title"),
    *_section(3),
    *_exercise(3, "WRITE: title"),
    *_exercise(4, "WRITE: what, broken on purpose"),
    (
        "markdown",
        "wrong",
        (),
        "## What can go wrong\n\n| you see | it is | do |\n|:---|:---|:---|\n"
        "| WRITE: a symptom | its cause | its cure |",
    ),
    (
        "markdown",
        "ours",
        (),
        "## Your code beside ours\n\nWRITE: which module this is the heart of, and what differs there.",
    ),
    (
        "code",
        "ours-code",
        (),
        "import inspect\n\nprint(inspect.getsource(check.progress))  # WRITE: our function",
    ),
    ("markdown", "recap", (), "## Recap\n\nYou can now\n\n- WRITE: one line for each objective."),
    ("code", "progress", (), "check.progress()"),
    ("markdown", "quiz", (), "\n\n".join(["## Quiz", *(_QUESTION.format(n=n) for n in (1, 2, 3))])),
    (
        "markdown",
        "further",
        (),
        "## Going further\n\n- WRITE: an experiment to try, and the sources.",
    ),
]
