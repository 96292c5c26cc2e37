"""The Turing test of colours: fair pairs, a score, and Wilson's interval."""

import pytest
import torch

from colorlib.evaluation.turing import TuringScore, TuringTest, wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(10, 10, 0.7225, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)  # the last: Newcombe (1998), table I, method 3
def test_wilson_agrees_with_published_intervals(hits, n, low, high):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_needs_trials(hits, n):
    with pytest.raises(ValueError, match="expected at least one trial"):
        wilson_interval(hits, n)


def test_each_pair_holds_one_photo_and_its_own_twin_on_the_side_that_truth_says():
    real = torch.arange(1.0, 9).view(8, 1, 1, 1).expand(8, 3, 2, 2)
    test = TuringTest(-real, real, seed=3)
    assert torch.equal(test.left, -test.right)
    assert test.truth == "".join("L" if left > 0 else "R" for left in test.left[:, 0, 0, 0])
    assert set(test.truth) == {"L", "R"}
    assert sorted(test.left.abs()[:, 0, 0, 0].tolist()) == list(range(1, 9))
    assert TuringTest(-real, real, seed=3).truth == test.truth
    assert any(TuringTest(-real, real, seed=seed).truth != test.truth for seed in range(4))


def test_the_score_counts_the_answers_given_so_far():
    test = TuringTest(torch.zeros(4, 3, 2, 2), torch.ones(4, 3, 2, 2))
    wrong = test.truth.translate(str.maketrans("LR", "RL"))
    assert test.score(test.truth.lower()) == TuringScore(4, 4)
    assert test.score(wrong[:3]) == TuringScore(0, 3)
    assert "would not explain it" in str(TuringScore(10, 10))
    for answers in ("", "LXRL", "LLLLL"):
        with pytest.raises(ValueError, match="expected 1 to 4 letters, L or R"):
            test.score(answers)


def test_pairs_are_of_one_shape():
    with pytest.raises(ValueError, match="expected the same"):
        TuringTest(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 3))
