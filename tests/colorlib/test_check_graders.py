"""The network grader: which networks pass, what it says, and which mistakes it recognizes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from colorlib import check
from colorlib.check.graders import Case
from colorlib.check.network_graders import NetworkGrader, set_deterministic_weights
from colorlib.check.result import Outcome


def reference(channels, out):
    return [nn.LeakyReLU(0.2), nn.Conv2d(channels, out, 3, padding=1)]


class Renamed(nn.Module):
    """The same network with other names, and the activation as a function."""

    def __init__(self, channels, out):
        super().__init__()
        self.second = nn.Conv2d(channels, out, 3, padding=1)

    def forward(self, x):
        return self.second(F.leaky_relu(x, 0.2))


class Stub(nn.Module):
    def __init__(self, *args):
        super().__init__()

    def forward(self, x):
        raise NotImplementedError("your code here")


class Broken(Stub):
    def forward(self, x):
        return x.no_such_thing


GRADER = NetworkGrader(reference, [Case("block(2, 4)", (2, 4))], image_size=(6, 6))


def grade(build, grader=GRADER):
    result = grader(build)
    return result.outcome, dict(result.reasons)


@pytest.mark.parametrize(
    "build",
    [Renamed, lambda *a: tuple(reference(*a)), lambda *a: nn.Sequential(*reference(*a))],
)
def test_same_network_in_another_form_passes(build):
    assert GRADER(build).outcome is Outcome.PASSED


def test_unknown_mistake_lists_different_layers():
    outcome, reasons = grade(lambda c, out: [nn.LeakyReLU(0.2), nn.Conv2d(c, out, 5, padding=2)])
    assert outcome is Outcome.WRONG
    assert (reasons["got"], reasons["expected"]) == ("204 parameters", "76 parameters")
    assert "yours has Conv2d(2, 4, kernel_size=(5, 5)" in reasons["likely cause"]
    assert "ours has Conv2d(2, 4, kernel_size=(3, 3)" in reasons["likely cause"]
    _, reasons = grade(lambda *a: reference(*a)[::-1])
    assert "your layers are the same as ours: look at their order" in reasons["likely cause"]


@pytest.mark.parametrize(
    ("build", "got"),
    [
        (lambda c, out: None, "None"),
        (lambda c, out: [], "0 values"),
        (lambda c, out: [nn.ReLU], "1 values: something of type type"),
        (lambda c, out: torch.zeros(2, out, 6, 6), "a tensor of shape (2, 4, 6, 6)"),
    ],
)
def test_other_return_values_are_not_networks(build, got):
    outcome, reasons = grade(build)
    assert outcome is Outcome.WRONG and reasons["got"].startswith(got)
    assert "a list of layers or an nn.Module" in reasons["likely cause"]


def test_network_instead_of_builder_is_wrong():
    outcome, reasons = grade(nn.ReLU())
    assert outcome is Outcome.WRONG and reasons["expected"] == "the function itself"


def test_stub_in_forward_is_not_attempted():
    assert grade(Stub)[0] is Outcome.NOT_ATTEMPTED


def test_error_in_network_shows_its_line():
    outcome, reasons = grade(Broken)
    assert outcome is Outcome.RAISED and reasons["in the line"] == "return x.no_such_thing"
    outcome, reasons = grade(lambda c, out: [nn.Conv2d(c + 1, out, 3)])
    assert outcome is Outcome.RAISED and "to have 3 channels, but got 2" in reasons["error"]


def test_mistake_that_raises_is_recognized_by_its_error():
    grader = check.q2_3.grader
    (mistake,) = [m for m in grader.mistakes if m.message.startswith("a skip doubles the channels")]
    outcome, reasons = grade(mistake.implementation, grader)
    assert outcome is Outcome.WRONG
    assert reasons["got"].startswith("RuntimeError: Given transposed=1")
    assert reasons["likely cause"].startswith("a skip doubles the channels")


def test_deterministic_weights_keep_scale_and_ignore_names():
    net = set_deterministic_weights(check.q2_3.grader.reference(1, 2, 5, 8))
    assert not net.training
    ab = net(torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert 0.1 < ab.std() < 0.95
    norms = nn.ModuleDict({"b": nn.BatchNorm2d(4), "a": nn.BatchNorm2d(4)})
    variances = [set_deterministic_weights(norms)[name].running_var for name in "ab"]
    assert torch.equal(*variances) and (variances[0] > 0).all()
