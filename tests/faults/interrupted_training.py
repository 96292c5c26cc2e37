"""A tiny run that is interrupted at random moments: python interrupted_training.py FOLDER N SEED.

A timer sends SIGINT, as the keyboard would, at any line of the library. Each session is a new
Trainer that resumes from the folder. The result is printed as JSON.
"""

import json
import math
import random
import signal
import sys
import traceback
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).parents[1] / "colorlib"))
from tiny_run import trainer

from colorlib.engine import signals
from colorlib.io.checkpoint import load_latest_checkpoint


def is_same_run(run, other):
    """Return whether two runs have the same history and weights, bit for bit."""
    if run.history != other.history or run.parts.keys() != other.parts.keys():
        return False
    for name in ("net_g", "net_d", "ema"):
        first, second = run.parts[name].state_dict(), other.parts[name].state_dict()
        if not all(torch.equal(first[key], second[key]) for key in first):
            return False
    return True


def count_saved_steps(folder):
    saved = load_latest_checkpoint(folder)
    return saved["counters"]["global_step"] if saved else 0


def train_until_timer(folder, seconds, result):
    """Return the finished run, or None if the timer came first."""
    signals._last_request = -math.inf  # a request that follows within a second would be ignored
    run, handler = trainer(folder, epochs=8), signal.getsignal(signal.SIGINT)
    steps, count_step = count_saved_steps(folder), run._count_step

    def count(losses):
        nonlocal steps
        steps += 1
        return count_step(losses)

    run._count_step = count
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        run.fit()
        signal.setitimer(signal.ITIMER_REAL, 0)
        return run
    except KeyboardInterrupt:
        result["interrupts"] += 1
        saved = count_saved_steps(folder)
        if saved != steps:
            result["lost"] += 1
            traceback.print_exc()
            print(f"{steps} steps were completed, {saved} are saved", file=sys.stderr)
        result["handlers changed"] += signal.getsignal(signal.SIGINT) is not handler
        return None


def main(folder, n, seed):
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    whole = trainer(None, epochs=8)
    whole.fit()
    rng, runs = random.Random(seed), 0
    result = {"interrupts": 0, "lost": 0, "handlers changed": 0}
    while result["interrupts"] < n:
        runs += 1
        run = None
        while run is None:
            run = train_until_timer(folder / str(runs), rng.uniform(0.001, 0.15), result)
        result["lost"] += not is_same_run(run, whole)
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
