"""Code that is not finished gets its own sentence; only an untouched stub is not attempted."""

import linecache

import pytest
import torch
from torch import nn

from colorlib import check
from colorlib.check.arguments import find_change
from colorlib.check.comparison import Rules, compare, format_pair, learner_line
from colorlib.check.result import Outcome
from colorlib.check.stubs import is_stub

STUB = 'raise NotImplementedError("your code here")  # replace this line'
LEFT_OVER = "the line `raise NotImplementedError` is still in `knob`"
LEVEL = """
import torch
from torch import nn
from colorlib.generator import down_block, up_block
class Level(nn.Module):
    def __init__(self, down, inner, up, skip):
        super().__init__()
        self.down, self.inner, self.up = nn.Sequential(*down), inner, nn.Sequential(*up)
        self.skip = skip

    def {name}(self, x):
        {forward}
"""
FORWARD = "return self.up(self.inner(self.down(x)))"
UNET = """
def unet(in_channels=1, out_channels=2, num_downs=8, base_channels=64):
    channels = [base_channels * min(2**k, 8) for k in range(num_downs)]  # 64, 128, 256, 512, 512
    {body}
"""
BUILD = "return Level([nn.Conv2d(1, 2, 3)], nn.Identity(), [], False)"


def run(code, name, with_source=True):
    filename = f"<cell {abs(hash(code))}>"
    if with_source:
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    names = {"torch": torch, "nn": nn}
    exec(compile(code, filename, "exec"), names)
    return names[name]


def unet(forward, body, name="forward"):
    return run(LEVEL.format(name=name, forward=forward) + UNET.format(body=body), "unet")


KNOB = "def knob(lab, strength):\n    '''A docstring.'''\n"


@pytest.mark.parametrize("with_source", [True, False])
@pytest.mark.parametrize("body", [STUB, f"# a thought\n    {STUB}"])
def test_untouched_stub_is_not_attempted(body, with_source):
    knob = run(f"{KNOB}    {body}\n", "knob", with_source)
    assert check.q0_1.grader(knob).outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    "body",
    [
        f"out = lab * strength\n    {STUB}",
        f"{STUB}\n    return lab * strength",
        f"if strength:\n        return lab * strength\n    {STUB}",
        f"lab = lab.clone()\n    lab[:, 1:] *= strength\n    {STUB}",
    ],
)
def test_leftover_raise_is_named(body):
    if body.startswith("if"):
        body = body.replace("if strength", "if strength > 9")
    result = check.q0_1.grader(run(f"{KNOB}    {body}\n", "knob"))
    assert result.outcome is Outcome.RAISED
    assert LEFT_OVER in dict(result.reasons)["likely cause"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unet(STUB, BUILD), "`Level.forward`, which your code calls, is still open"),
        (unet(FORWARD, STUB), None),
        (unet(FORWARD, BUILD, "foward"), "one called `foward`: correct its name"),
        (unet(FORWARD, BUILD, "call"), "`Level` has no method `forward`, so it cannot be called"),
        (unet(FORWARD, f"net = nn.Identity()\n    {STUB}"), "is still in `unet`"),
        (lambda *a, **k: nn.ModuleList([nn.ReLU()]), "`nn.ModuleList` only holds layers"),
    ],
)
def test_each_half_of_an_answer_gets_its_sentence(answer, words):
    result = check.q2_3.grader(answer)
    if words is None:  # one of two stubs is open
        assert result.outcome is not Outcome.PASSED
        words = "`unet` is still open"
    assert words in dict(result.reasons)["likely cause"], result


def test_both_stubs_untouched_is_not_attempted():
    assert check.q2_3.grader(unet(STUB, STUB)).outcome is Outcome.NOT_ATTEMPTED


def test_open_answer_of_an_earlier_exercise_is_named():
    code = f"def mix(light):\n    {STUB}\ndef rgb_to_lab(rgb):\n    return mix(rgb)\n"
    result = check.q1_3.grader(run(code, "rgb_to_lab"))
    assert "`mix`, which your code calls, is still open" in dict(result.reasons)["likely cause"]


def test_is_stub_needs_nothing_but_given_lines():
    code = f"def count(n):\n    channels = n\n    {STUB}\n"
    assert not is_stub(run(code, "count").__code__)
    assert is_stub(run(code, "count").__code__, given=["channels = n"])


def test_line_shown_is_the_learners_not_torchs():
    code = "def up_block(a, b, norm=True):\n    layer = nn.ReLU()\n    return layer('text')\n"
    reasons = dict(check.q2_2.grader(run(code, "up_block")).reasons)
    assert reasons["in the line"] == "return layer('text')"
    reasons = dict(check.q2_2.grader(lambda a, b, norm=True: [nn.Conv2d(9, b, 3)]).reasons)
    assert "in the line" not in reasons
    assert learner_line(ValueError()) == ""


def test_numbers_show_the_digits_that_differ():
    assert format_pair(0.873812, 0.873849) == ("0.87381", "0.87385")
    one, other = torch.tensor(0.8738123), torch.tensor(0.8738423)
    mismatch = compare(one, other, Rules(tolerance=1e-6))
    assert mismatch.got != mismatch.expected
    image = torch.zeros(1, 3, 2, 2)
    changed = image.clone()
    changed[0, 1, 1, 0] = 0.5
    mismatch = compare(changed, image, Rules(channels="Lab"))
    assert (mismatch.got, mismatch.where) == ("[L 0, a 0.5, b 0]", "image 0, row 1, column 0")


@pytest.mark.parametrize("name", [n for k in range(5) for n in check.lesson(k)])
def test_argument_changed_in_place_is_refused(name):
    grader = getattr(check, name).grader
    tensors = [a for a in grader.cases[0].args if isinstance(a, torch.Tensor)]
    if not tensors:
        pytest.skip("no argument is a tensor")

    def changes(*args, **kwargs):
        result = grader.reference(*args, **kwargs)
        for arg in args:
            if isinstance(arg, torch.Tensor):
                arg.detach().add_(1)
        return result

    result = grader(changes)
    assert result.outcome is Outcome.WRONG
    assert "writes into the caller's tensor" in dict(result.reasons)["likely cause"]


def test_find_change_sees_networks_arrays_and_containers():
    before, after = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 1, 1)), nn.Sequential(nn.ReLU())
    assert find_change(before, after) and find_change([before], [after])
    other = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 1, 1))
    assert find_change(before, other)
    assert find_change({"a": 1}, {"b": 1}) and find_change([1], [])
    assert find_change(before, before) is None
