"""Checkpoints are exact, atomic, and skipped if damaged; weights carry their configuration."""

import logging
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError

STATE = {
    "net_g": {"weight": torch.randn(3, 2), "count": torch.tensor(5)},
    "opt_g": {
        "state": {0: {"step": torch.tensor(7.0), "exp_avg": torch.randn(4).bfloat16()}},
        "groups": [{"lr": 2e-4}],
    },
    "epoch": 7,
    "best": None,
    "history": [[0, 0.5], [1, 0.25]],
    "done": False,
}


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def test_checkpoint_round_trip(tmp_path):
    checkpoint.save_checkpoint(tmp_path, STATE, epoch=7, step=812)
    assert same(checkpoint.load_latest_checkpoint(tmp_path), STATE)


def test_checkpoint_that_is_removed_is_emptied_first(tmp_path):
    """On Google Drive a removed file goes to the bin, where its size still counts."""
    first = checkpoint.save_checkpoint(tmp_path / "run", STATE, epoch=0, step=0)
    os.link(first, tmp_path / "bin")
    for epoch in (1, 2, 3):
        checkpoint.save_checkpoint(tmp_path / "run", STATE, epoch=epoch, step=0)
    assert (tmp_path / "bin").stat().st_size == 0
    assert len(list((tmp_path / "run").iterdir())) == 2
    assert checkpoint.newest_epoch(tmp_path / "run") == 3


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
trees = st.recursive(
    leaves,
    lambda t: st.lists(t, max_size=3) | st.dictionaries(st.text() | st.integers(), t, max_size=3),
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), trees, max_size=4))
def test_encode_decode_any_state(tree):
    assert same(checkpoint._decode(checkpoint._encode(tree), "here"), tree)


def test_optimizer_state_resumes_exactly(tmp_path):
    def one_step(net, optimizer):
        net(torch.ones(2, 3)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    torch.manual_seed(0)
    net = torch.nn.Linear(3, 3)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    one_step(net, optimizer)
    checkpoint.save_checkpoint(
        tmp_path, {"net": net.state_dict(), "opt": optimizer.state_dict()}, epoch=0, step=1
    )
    one_step(net, optimizer)
    again = torch.nn.Linear(3, 3)
    optimizer2 = torch.optim.Adam(again.parameters(), 1e-2)
    tree = checkpoint.load_latest_checkpoint(tmp_path)
    again.load_state_dict(tree["net"])
    optimizer2.load_state_dict(tree["opt"])
    one_step(again, optimizer2)
    assert torch.equal(again.weight, net.weight)


def test_newest_checkpoint_wins_and_old_are_removed(tmp_path):
    for epoch, step in ((0, 5), (0, 10), (1, 0), (1, 5)):
        checkpoint.save_checkpoint(tmp_path, {"at": [epoch, step]}, epoch=epoch, step=step)
    assert checkpoint.load_latest_checkpoint(tmp_path) == {"at": [1, 5]}
    assert len(list(tmp_path.iterdir())) == 2
    # A run that started over: its checkpoint is not removed.
    checkpoint.save_checkpoint(tmp_path, {"at": [0, 1]}, epoch=0, step=1)
    assert any("e0000-s000001" in path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize("refused", ["truncate", "unlink"])
def test_old_checkpoint_that_is_open_on_windows_does_not_end_the_run(
    tmp_path, open_elsewhere, refused
):
    """A virus scanner reads the old file just then; the next call removes it."""
    folder = tmp_path / "run"
    for step in (1, 2):
        checkpoint.save_checkpoint(folder, {"x": 1}, epoch=0, step=step)
    open_elsewhere[refused] = 99
    checkpoint.save_checkpoint(folder, {"x": 1}, epoch=0, step=3)
    open_elsewhere[refused] = 0
    assert len(checkpoint.list_checkpoints(folder)) == 3
    assert checkpoint.load_latest_checkpoint(folder) == {"x": 1}
    checkpoint.save_checkpoint(folder, {"x": 1}, epoch=0, step=4)
    assert len(checkpoint.list_checkpoints(folder)) == 2


def test_no_checkpoint_returns_none(tmp_path):
    assert checkpoint.load_latest_checkpoint(tmp_path) is None
    assert checkpoint.load_latest_checkpoint(tmp_path / "not there") is None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_damaged_checkpoint_is_skipped_with_warning(tmp_path, caplog, damage):
    checkpoint.save_checkpoint(tmp_path, {"at": 1}, epoch=1, step=0)
    broken = checkpoint.save_checkpoint(
        tmp_path, {"at": 2, "x": torch.arange(100)}, epoch=2, step=0
    )
    data = bytearray(broken.read_bytes())
    places = random.Random(0).sample(range(len(data)), 20)
    for place in places if damage == "flip" else places[:1]:
        changed = bytearray(data)
        changed[place] ^= 0x10
        broken.write_bytes({"cut": data[:place], "flip": changed, "empty": b""}[damage])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "colorlib"):
            assert checkpoint.load_latest_checkpoint(tmp_path) == {"at": 1}
        assert broken.name in caplog.text and "damaged" in caplog.text
    assert broken.exists()


WRITER = """
import sys, torch
from colorlib.io import checkpoint
step = 0
while True:
    step += 1
    state = {"step": step, "x": torch.full((300, 1000), step)}
    checkpoint.save_checkpoint(sys.argv[1], state, epoch=0, step=step)
    print(step, flush=True)
"""


def test_killed_writer_leaves_last_checkpoint(tmp_path):
    chance = random.Random(1)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for _ in range(3):
        process.stdout.readline()
    time.sleep(chance.uniform(0, 0.05))
    os.kill(process.pid, signal.SIGKILL)
    reported = [int(line) for line in process.stdout.read().split()]
    process.wait()
    tree = checkpoint.load_latest_checkpoint(tmp_path)
    assert tree["step"] >= max([3, *reported])
    assert (tree["x"] == tree["step"]).all()


def test_weights_round_trip_with_config(tmp_path):
    weights = torch.nn.Linear(2, 2).state_dict()
    config = {"net": {"downs": 6, "skips": True}, "scale": 110.0}
    path = checkpoint.save_weights(tmp_path / "w.safetensors", weights, config)
    loaded, found = checkpoint.load_weights(path)
    assert found == config and same(dict(sorted(weights.items())), dict(sorted(loaded.items())))
    with pytest.raises(FileExistsError):
        checkpoint.save_weights(path, weights, config)


def test_load_weights_bad_file_raises(tmp_path):
    bad = tmp_path / "bad.safetensors"
    for data in (b"", b"<!DOCTYPE html>", checkpoint._encode({"a": 1})):
        bad.write_bytes(data)
        with pytest.raises(CheckpointError, match="bad.safetensors"):
            checkpoint.load_weights(bad)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        checkpoint.load_weights(tmp_path / "missing.safetensors")


def test_encode_unknown_type_raises():
    with pytest.raises(TypeError, match="tree/nets/0 is a Linear"):
        checkpoint._encode({"nets": [torch.nn.Linear(1, 1)]})
