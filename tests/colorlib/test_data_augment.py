"""Flips, crops and permutations are functions of (seed, epoch, index)."""

import random

import numpy as np
import pytest
import torch

from colorlib.data.augment import augment, epoch_permutation, hash_uniform

N = 400


def ramp(n, h=6, w=8):
    """Return images that rise to the right in the first channel and downwards in the second."""
    x, y = torch.arange(w).expand(h, w), torch.arange(h)[:, None].expand(h, w)
    return torch.stack([x, y, x + y]).mul(10).to(torch.uint8).expand(n, 3, h, w).clone()


def flipped(batch):
    return batch[:, 0, 0].float().diff(dim=1).sum(dim=1) < 0


def test_permutation_depends_on_seed_and_epoch():
    first = epoch_permutation(N, seed=1, epoch=2)
    assert first.dtype == torch.int64 and first.sort().values.tolist() == list(range(N))
    assert torch.equal(epoch_permutation(N, 1, 2), first)
    for other in (
        epoch_permutation(N, 1, 3),
        epoch_permutation(N, 2, 2),
        epoch_permutation(N, 2, 1),
    ):
        assert (other == first).float().mean() < 0.05
    assert epoch_permutation(0, 0, 0).shape == (0,)
    assert abs(np.corrcoef(first, range(N))[0, 1]) < 0.2


def test_permutation_and_flips_never_change():
    """A run that is resumed after an update needs the same order and the same flips."""
    assert epoch_permutation(8, seed=0, epoch=0).tolist() == [0, 1, 4, 2, 3, 6, 7, 5]
    assert flipped(augment(ramp(8), range(8), 0, 0)).tolist() == [
        False,
        True,
        True,
        False,
        False,
        True,
        False,
        False,
    ]


def test_hash_uniform_is_uniform_and_independent():
    columns = [
        hash_uniform(np.arange(5000), *key)
        for key in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1))
    ]
    for numbers in columns:
        assert numbers.min() >= 0 and numbers.max() < 1
        assert np.histogram(numbers, 10, (0, 1))[0] == pytest.approx(500, abs=100)
        assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.06
    assert np.abs(np.corrcoef(columns) - np.eye(5)).max() < 0.06


def test_half_of_the_images_are_mirrored_exactly():
    batch = ramp(N)
    out = augment(batch, range(N), seed=3, epoch=0)
    mirrored = flipped(out)
    assert 160 < mirrored.sum() < 240
    assert torch.equal(out[mirrored], batch[mirrored].flip(-1))
    assert torch.equal(out[~mirrored], batch[~mirrored])
    assert not torch.equal(flipped(augment(batch, range(N), 3, 1)), mirrored)
    assert not torch.equal(flipped(augment(batch, range(N), 4, 0)), mirrored)
    assert torch.equal(batch, ramp(N))  # unchanged


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("min_crop", [None, 0.4])
def test_augment_does_not_depend_on_the_batch(dtype, min_crop):
    batch = torch.randint(0, 256, (10, 3, 12, 16), generator=torch.Generator().manual_seed(0)).to(
        dtype
    )
    indices = torch.tensor([5, 900, 3, 77, 12, 0, 8, 31, 2, 1])
    together = augment(batch, indices, 7, 5, min_crop=min_crop)
    assert together.dtype == dtype and together.shape == batch.shape
    for i in range(10):
        assert torch.equal(
            augment(batch[i : i + 1], indices[i : i + 1], 7, 5, min_crop=min_crop)[0], together[i]
        )
    shuffled = epoch_permutation(10, 0, 0)
    again = augment(batch[shuffled], indices[shuffled].tolist(), 7, 5, min_crop=min_crop)
    assert torch.equal(again, together[shuffled])


def test_crops_are_parts_of_the_image():
    h, w, n = 32, 48, 300
    x = torch.linspace(0, 1, w).expand(h, w)
    y = torch.linspace(0, 1, h)[:, None].expand(h, w)
    batch = torch.stack([x, y, x]).expand(n, 3, h, w)
    out = augment(batch, range(n), 0, 0, horizontal_flip=False, min_crop=0.5)
    wide = (out[:, 0, 0, -1] - out[:, 0, 0, 0]) / (1 - 1 / w)
    high = (out[:, 1, -1, 0] - out[:, 1, 0, 0]) / (1 - 1 / h)
    assert torch.allclose(wide, high, atol=0.04)  # proportions are kept
    assert 0.46 < wide.min() < 0.55 and 0.95 < wide.max() <= 1.03 and abs(wide.mean() - 0.75) < 0.03
    assert out.min() >= 0 and out.max() <= 1
    assert out[:, 0, 0, 0].max() > 0.35 and out[:, 1, 0, 0].max() > 0.35  # crops are everywhere
    assert (
        abs(np.corrcoef(out[:, 0, 0, 0], out[:, 1, 0, 0])[0, 1]) < 0.7
    )  # left and top share the side only


def test_crop_of_the_whole_image_is_the_image():
    batch = torch.randint(0, 256, (4, 3, 9, 7), dtype=torch.uint8)
    assert torch.equal(augment(batch, range(4), 0, 0, horizontal_flip=False, min_crop=1.0), batch)
    assert torch.equal(augment(batch, range(4), 0, 0, horizontal_flip=False), batch)


def test_augment_leaves_global_random_states_unchanged():
    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].copy()
    augment(ramp(4), range(4), 0, 0, min_crop=0.5)
    epoch_permutation(5, 0, 0)
    assert states[0] == random.getstate() and torch.equal(states[1], torch.get_rng_state())
    assert (states[2] == np.random.get_state()[1]).all()


def test_augment_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"indices has shape \(3,\); expected \(4,\)"):
        augment(ramp(4), range(3), 0, 0)
    for min_crop in (0, 1.5, -1):
        with pytest.raises(ValueError, match="share of the sides"):
            augment(ramp(4), range(4), 0, 0, min_crop=min_crop)
    with pytest.raises(ValueError, match=r"expected \(n, 3, h, w\)"):
        augment(ramp(4)[0], range(4), 0, 0)
    with pytest.raises(TypeError):
        augment(ramp(4).long(), range(4), 0, 0)
