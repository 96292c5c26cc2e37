"""The Turing test of colours: fair pairs and a score."""

import pytest
import torch

from colorlib.evaluation.turing import TuringScore, TuringTest


def test_each_pair_is_a_photo_and_its_copy_on_the_stated_side():
    real = torch.arange(1.0, 9).view(8, 1, 1, 1).expand(8, 3, 2, 2)
    test = TuringTest(-real, real, seed=3)
    assert torch.equal(test.left, -test.right)
    assert test.truth == "".join("L" if left > 0 else "R" for left in test.left[:, 0, 0, 0])
    assert set(test.truth) == {"L", "R"}
    assert sorted(test.left.abs()[:, 0, 0, 0].tolist()) == list(range(1, 9))
    assert TuringTest(-real, real, seed=3).truth == test.truth
    assert any(TuringTest(-real, real, seed=seed).truth != test.truth for seed in range(4))


def test_score_counts_the_answers_so_far():
    test = TuringTest(torch.zeros(4, 3, 2, 2), torch.ones(4, 3, 2, 2))
    wrong = test.truth.translate(str.maketrans("LR", "RL"))
    assert test.score(test.truth.lower()) == TuringScore(4, 4)
    assert test.score(wrong[:3]) == TuringScore(0, 3)
    assert "would not explain it" in str(TuringScore(10, 10))
    for answers in ("", "LXRL", "LLLLL"):
        with pytest.raises(ValueError, match="expected 1 to 4 letters, L or R"):
            test.score(answers)


def test_pairs_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="expected the same"):
        TuringTest(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 3))
