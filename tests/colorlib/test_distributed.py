"""Training in two real processes, which torchrun starts and which communicate through gloo."""

import doctest
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import distributed_run
import pytest
import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def environment():
    """Return the environment variables of a process of torchrun."""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    if sys.platform == "linux":
        env["GLOO_SOCKET_IFNAME"] = "lo"  # there may be no other network
    return env


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def torchrun(folder):
    """A function that runs a task in two processes; it returns the status and the messages."""
    messages = folder / "messages.txt"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with open(messages, "w") as err:
        command = [sys.executable, HERE / "distributed_run.py"]
        server = subprocess.Popen(command, env=environment(), cwd=ROOT, stderr=err, **pipes)

    def start(*args):
        timeout = threading.Timer(240, server.kill)
        timeout.start()
        server.stdin.write(json.dumps([str(arg) for arg in args]) + "\n")
        server.stdin.flush()
        ended = next((line for line in server.stdout if line.startswith("ended")), "gone")
        timeout.cancel()
        return ended.strip(), messages.read_text()

    yield start
    server.stdin.close()
    server.wait()
    server.stdout.close()


@pytest.fixture(scope="module")
def one():
    """The report of a single process."""
    return distributed_run.train_plain()


@pytest.fixture(scope="module")
def two(torchrun, folder):
    """The reports of two processes."""
    ended, messages = torchrun("whole", folder)
    assert ended == "ended 0", messages
    return [json.loads((folder / f"report-{rank}.json").read_text()) for rank in (0, 1)]


def largest_difference(rows, other_rows):
    """Return the largest relative difference between the losses of two runs."""
    return max(
        abs(row[name] - other[name]) / abs(row[name])
        for row, other in zip(rows, other_rows, strict=True)
        for name in row
    )


def test_same_batch_gives_the_same_losses_on_one_and_two(one, two):
    steps = one["steps"]
    assert set(steps[0]) == {"D_real", "D_fake", "G_GAN", "G_rec"} and len(steps) == 24
    assert steps[-1]["G_rec"] < steps[0]["G_rec"] / 3  # enough training for a difference to show
    assert largest_difference(steps, two[0]["plain"]["steps"]) < 1e-5
    assert two[0]["plain"]["steps"] == two[1]["plain"]["steps"]
    assert two[0]["plain"]["history"] == two[1]["plain"]["history"]


def test_batch_norm_of_halves_is_near_that_of_the_whole(two):
    runs = distributed_run.train_with_batch_norm(), two[0]["batch_norm"]
    rows = [[{"G_rec": row["G_rec"]} for row in run["history"]] for run in runs]
    assert 1e-5 < largest_difference(*rows) < 0.2


def test_each_image_is_loaded_once_per_epoch(one, two):
    whole, halves = one["loaded"], [report["plain"]["loaded"] for report in two]
    assert [sorted(a + b) for a, b in zip(*halves, strict=True)] == [sorted(b) for b in whole]
    assert {len(shard) for half in halves for shard in half} == {2}
    first_epoch = [index for half in halves for shard in half[:3] for index in shard]
    assert sorted(first_epoch) == list(range(12))


def test_step_sends_each_gradient_once_and_five_numbers(two):
    nets = distributed_run.discriminator(), distributed_run.BaselineCNN()
    gradients = 4 * sum(weight.numel() for net in nets for weight in net.parameters())
    losses_and_stop_flag = 8 * (4 + 1)
    stop_flags_of_epochs = 8 * 8
    expected = 24 * (gradients + losses_and_stop_flag) + stop_flags_of_epochs
    assert two[0]["sent"] == two[1]["sent"] == expected


def test_all_start_from_the_initial_weights_of_process_0(two):
    assert two[0]["other_seed"] == two[1]["other_seed"] == two[0]["plain"]["steps"][-1]


def test_batch_must_be_divisible_by_the_processes(two):
    message = "batch_size is 3 for 2 processes; expected a multiple of 2"
    assert two[0]["refused"] == two[1]["refused"] == message


def load_weights(folder, name):
    return torch.load(folder / f"{name}.pt", weights_only=True)


@pytest.mark.usefixtures("two")
def test_process_0_saves_and_all_keep_the_same_weights(folder):
    saved = [path for path in (folder / "whole").iterdir() if path.name[0] != "."]
    assert len(saved) == 2  # checkpoints; nothing is half-written
    pairs = zip(load_weights(folder, "whole-0"), load_weights(folder, "whole-1"), strict=True)
    pairs = [(first, second) for first, second in pairs if first.shape]
    # the others are the batch-norm statistics of each shard
    assert sum(torch.equal(first, second) for first, second in pairs) >= len(pairs) - 6


@pytest.mark.usefixtures("two")
def test_killed_process_ends_the_run_which_can_resume(torchrun, folder):
    ended, _ = torchrun("killed", folder, 7)
    assert ended == "ended 1" and not list(folder.glob("killed-*.pt"))
    names = {path.name[:22] for path in (folder / "killed").glob("checkpoint*")}
    assert names == {"checkpoint-e0001-s0000", "checkpoint-e0002-s0000"}
    ended, messages = torchrun("killed", folder, -1)
    assert ended == "ended 0", messages
    killed, whole = load_weights(folder, "killed-0"), load_weights(folder, "whole-0")
    assert len(whole) > 10 and all(map(torch.equal, killed, whole))


def test_page_computes_with_what_is_sent():
    page = str(ROOT / "course/several-gpus.md")
    assert doctest.testfile(page, module_relative=False) == (0, 12)


def test_command_prints_once_and_trains_both_stages(tmp_path):
    data = ["--data", "photos", "--reduced", "--base-channels", 4, "--image-size", 32]
    epochs = ["--epochs", 1, "--gan-epochs", 1, "--json", "--out", tmp_path / "run"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*launcher, "--nproc-per-node", 2, "-m", "colorlib", "train", *data, *epochs]
    done = subprocess.run(
        [str(word) for word in command],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["done"] is True and set(result["models"]) == {"pixel", "adversarial"}
    assert done.stderr.count("256 train, 32 validation") == done.stderr.count("own: U-Net") == 1
    assert "Warning" not in done.stderr
    assert (tmp_path / "run/2-adversarial/progress.png").is_file()
