"""Several processes, for real: torchrun starts two of them, and they talk through gloo."""

import doctest
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import several_run
import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def environment():
    """Give what a process that trains with others finds around it."""
    env = os.environ | {
        "OMP_NUM_THREADS": "1",
        "COLORLIB_CACHE": os.environ.get("COLORLIB_CACHE", ""),
    }
    env = {name: value for name, value in env.items() if value}
    if sys.platform == "linux":
        env["GLOO_SOCKET_IFNAME"] = "lo"  # there may be no other network
    return env


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def torchrun(folder):
    """Start two processes, which have imported everything; give torchrun's status and what was said."""
    said, pipes = (
        folder / "said.txt",
        {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True},
    )
    with open(said, "w") as err:
        words = [sys.executable, HERE / "several_run.py"]
        process = subprocess.Popen(words, env=environment(), cwd=ROOT, stderr=err, **pipes)

    def start(*words):
        late = threading.Timer(240, process.kill)
        late.start()
        process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        process.stdin.flush()
        ended = next((line for line in process.stdout if line.startswith("ended")), "gone")
        late.cancel()
        return ended.strip(), said.read_text()

    yield start
    process.stdin.close()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def one():
    """What one process alone sees."""
    return several_run.plain()


@pytest.fixture(scope="module")
def two(torchrun, folder):
    """What each of two processes has seen in an undisturbed run."""
    ended, said = torchrun("whole", folder)
    assert ended == "ended 0", said
    return [json.loads((folder / f"told-{rank}.json").read_text()) for rank in (0, 1)]


def apart(one, other):
    """Give the largest relative difference of the losses of two curves."""
    return max(
        abs(a[name] - b[name]) / abs(a[name]) for a, b in zip(one, other, strict=True) for name in a
    )


def test_the_same_batch_gives_the_same_curve_on_one_and_on_two(one, two):
    assert (
        set(one["steps"][0]) == {"D_real", "D_fake", "G_GAN", "G_rec"} and len(one["steps"]) == 24
    )
    assert (
        one["steps"][-1]["G_rec"] < one["steps"][0]["G_rec"] / 3
    )  # it has something to disagree about
    assert apart(one["steps"], two[0]["plain"]["steps"]) < 1e-5
    assert two[0]["plain"]["steps"] == two[1]["plain"]["steps"]
    assert two[0]["plain"]["history"] == two[1]["plain"]["history"]


def test_batch_norm_of_halves_stays_near_that_of_the_whole(two):
    rows = [
        [{"G_rec": row["G_rec"]} for row in run["history"]]
        for run in (several_run.normed(), two[0]["normed"])
    ]
    assert 1e-5 < apart(*rows) < 0.2


def test_no_picture_is_left_out_and_none_is_seen_twice(one, two):
    whole, halves = one["seen"], [told["plain"]["seen"] for told in two]
    assert [sorted(a + b) for a, b in zip(*halves, strict=True)] == [
        sorted(batch) for batch in whole
    ]
    assert {len(share) for half in halves for share in half} == {2}
    epoch = [index for half in halves for share in half[:3] for index in share]
    assert sorted(epoch) == list(range(12))


def test_a_step_sends_each_gradient_once_and_hardly_anything_else(two):
    nets = [several_run.Critic(), several_run.BaselineCNN()]
    gradients = [4 * sum(weights.numel() for weights in net.parameters()) for net in nets]
    whether_to_stop, losses = 8, 4 * 8
    step = [whether_to_stop, *gradients, losses]
    assert two[0]["bytes"] == two[1]["bytes"] == step * 24


def test_all_start_from_the_first_weights_of_process_0(two):
    assert two[0]["other_seed"] == two[1]["other_seed"] == two[0]["plain"]["steps"][-1]


def test_a_batch_must_be_shared_evenly(two):
    words = "batch_size is 3 for 2 processes; expected a multiple of 2"
    assert two[0]["refused"] == two[1]["refused"] == words


def weights(folder, name):
    return torch.load(folder / f"{name}.pt", weights_only=True)


def test_one_process_writes_and_looks_and_the_others_keep_the_same_weights(two, folder):
    assert two[0]["looks"] == [1, 2, 3, 4] and "looks" not in two[1]
    kept = [path for path in (folder / "whole").iterdir() if not path.name.startswith(".lock")]
    assert len(kept) == 2  # checkpoints; nothing half written
    pairs = zip(weights(folder, "whole-0"), weights(folder, "whole-1"), strict=True)
    learnt = [(a, b) for a, b in pairs if a.shape]
    assert (
        sum(torch.equal(a, b) for a, b in learnt) >= len(learnt) - 6
    )  # the rest: statistics of shares


def test_a_killed_process_ends_the_run_and_the_same_command_goes_on(torchrun, two, folder):
    ended, _ = torchrun("killed", folder, 7)
    assert ended == "ended 1" and not list(folder.glob("killed-*.pt"))
    assert {path.name[:22] for path in (folder / "killed").glob("checkpoint*")} == {
        "checkpoint-e0001-s0000",
        "checkpoint-e0002-s0000",
    }
    ended, said = torchrun("killed", folder, -1)
    assert ended == "ended 0", said
    killed, whole = weights(folder, "killed-0"), weights(folder, "whole-0")
    assert len(whole) > 10 and all(map(torch.equal, killed, whole))


def test_the_page_reckons_with_what_is_sent():
    assert doctest.testfile(str(ROOT / "course/several-gpus.md"), module_relative=False) == (0, 11)


def test_the_command_line_speaks_once_and_goes_through_both_stages(tmp_path):
    asked = [
        "--data",
        "photos",
        "--reduced",
        "--width",
        4,
        "--size",
        32,
        "--epochs",
        1,
        "--gan-epochs",
        1,
    ]
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    asked = ["-m", "colorlib", "train", *asked, "--json", "--out", tmp_path / "run"]
    how = {"env": environment(), "cwd": ROOT, "capture_output": True, "text": True, "timeout": 240}
    done = subprocess.run([*start, *map(str, asked)], **how)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["done"] is True and set(told["models"]) == {"plain", "adversarial"}
    assert done.stderr.count("256 train, 32 validation") == done.stderr.count("own: U-Net") == 1
    assert (tmp_path / "run/2-adversarial/progress.png").is_file()
