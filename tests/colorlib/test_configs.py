"""What is believed of a configuration that comes out of a file, and how little memory it takes to say no."""

import re
import tracemalloc

import pytest
from torch import nn

from colorlib.models import schema

RULES = {"in_features": range(1, 1_000_001), "out_features": range(1, 1_000_001), "bias": bool}
GOOD = {"in_features": 2, "out_features": 3, "bias": False}


def test_build_hands_over_every_field():
    net = schema.from_config(nn.Linear, GOOD, RULES)
    assert (net.in_features, net.out_features, net.bias) == (2, 3, None)


def test_a_huge_network_is_refused_before_it_is_made():
    tracemalloc.start()
    with pytest.raises(
        ValueError, match="Linear would have 1,000,000,000,000 parameters; expected at most 300"
    ):
        schema.from_config(nn.Linear, GOOD | {"in_features": 10**6, "out_features": 10**6}, RULES)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("rule", "right", "wrong_kind", "wrong", "words"),
    [
        (range(1, 4), [1, 3], [2.0, "2", True, None], [0, 4, -1], "a whole number from 1 to 3"),
        (bool, [True, False], [0, "true", None], [], "true or false"),
        (("a", "b"), ["a", "b"], [1, None, ["a"]], ["", "A", "ab"], "'a' or 'b'"),
        (
            (0.0, 1.0),
            [0, 0.0, 0.5],
            ["0", True, None],
            [1, 1.0, -0.1, float("nan")],
            "a number from 0 up to",
        ),
    ],
)
def test_each_kind_of_rule(rule, right, wrong_kind, wrong, words):
    for value in right:
        schema.validate_config("net", {"field": value}, {"field": rule})
    for error, values in ((TypeError, wrong_kind), (ValueError, wrong)):
        for value in values:
            with pytest.raises(
                error, match=re.escape(f"net got field={value!r}; expected {words}")
            ):
                schema.validate_config("net", {"field": value}, {"field": rule})
