"""The judge of networks: what it forgives, what it says, and which mistakes it knows by their errors."""

import torch
import torch.nn.functional as F
from torch import nn

from colorlib import check
from colorlib.check.judges import Case
from colorlib.check.networks import Network, equip
from colorlib.check.verdict import Outcome


def reference(channels, out):
    return [nn.LeakyReLU(0.2), nn.Conv2d(channels, out, 3, padding=1)]


JUDGE = Network(reference, [Case("block(2, 4)", (2, 4))], lambda c, out: (1, c, 6, 6))


def verdict(build, judge=JUDGE):
    result = judge(build)
    return result.outcome, dict(result.reasons)


def test_a_module_a_tuple_or_other_names_pass_as_well():
    class Turned(nn.Module):  # layers made in another order, the activation as a function
        def __init__(self, channels, out):
            super().__init__()
            self.second = nn.Conv2d(channels, out, 3, padding=1)

        def forward(self, x):
            return self.second(F.leaky_relu(x, 0.2))

    for build in (
        Turned,
        lambda *a: tuple(reference(*a)),
        lambda *a: nn.Sequential(*reference(*a)),
    ):
        assert JUDGE(build).outcome is Outcome.PASSED


def test_an_unknown_mistake_names_the_layers_that_differ():
    outcome, reasons = verdict(lambda c, out: [nn.LeakyReLU(0.2), nn.Conv2d(c, out, 5, padding=2)])
    assert outcome is Outcome.WRONG
    assert (reasons["got"], reasons["expected"]) == ("204 parameters", "76 parameters")
    assert "yours has Conv2d(2, 4, kernel_size=(5, 5)" in reasons["likely cause"]
    assert "ours has Conv2d(2, 4, kernel_size=(3, 3)" in reasons["likely cause"]
    _, reasons = verdict(lambda *a: reference(*a)[::-1])
    assert "the layers are the same as ours: look at their order" in reasons["likely cause"]


def test_what_is_no_network_is_said():
    for build, got in (
        (lambda c, out: None, "None"),
        (lambda c, out: [], "0 values"),
        (lambda c, out: [nn.ReLU], "1 values: something of type type"),
        (lambda c, out: torch.zeros(1, out, 6, 6), "a tensor of shape (1, 4, 6, 6)"),
    ):
        outcome, reasons = verdict(build)
        assert outcome is Outcome.WRONG and reasons["got"].startswith(got)
        assert "a list of layers or an nn.Module" in reasons["likely cause"]
    outcome, reasons = verdict(nn.ReLU())
    assert outcome is Outcome.WRONG and reasons["expected"] == "the function itself"


def test_a_stub_in_forward_is_not_attempted_and_an_error_shows_its_line():
    class Stub(nn.Module):
        def __init__(self, *args):
            super().__init__()

        def forward(self, x):
            raise NotImplementedError("your code here")

    class Broken(Stub):
        def forward(self, x):
            return x.no_such_thing

    assert verdict(Stub)[0] is Outcome.NOT_ATTEMPTED
    outcome, reasons = verdict(Broken)
    assert outcome is Outcome.RAISED and reasons["in the line"] == "return x.no_such_thing"
    outcome, reasons = verdict(lambda c, out: [nn.Conv2d(c + 1, out, 3)])
    assert outcome is Outcome.RAISED and "to have 3 channels, but got 2" in reasons["error"]


def test_a_mistake_that_raises_is_known_by_its_error():
    outcome, reasons = verdict(check.q2_3.judge.mistakes[0].answer, check.q2_3.judge)
    assert outcome is Outcome.WRONG and reasons["got"].startswith(
        "RuntimeError: Given transposed=1"
    )
    assert reasons["likely cause"].startswith("the skip doubles what arrives")


def test_weights_depend_on_kind_and_shape_alone_and_values_keep_their_size():
    net = equip(check.q2_3.judge.reference(1, 2, 5, 8))
    assert not net.training
    ab = net(torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert 0.1 < ab.std() < 0.95
    same = equip(nn.ModuleDict({"b": nn.BatchNorm2d(4), "a": nn.BatchNorm2d(4)}))
    assert (
        torch.equal(same["a"].running_var, same["b"].running_var)
        and (same["a"].running_var > 0).all()
    )
