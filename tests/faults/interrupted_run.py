"""A tiny run that is interrupted at random moments, again and again: python interrupted_run.py FOLDER N SEED.

A timer raises KeyboardInterrupt in the first thread, as the keyboard would, at any line of the library. Each
session is a new Trainer that knows only what lies in the folder. Prints what was seen, as JSON.
"""

import json
import random
import signal
import sys
import traceback
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).parents[1] / "colorlib"))
from tiny_run import trainer, weights

from colorlib.io import checkpoint


def interrupt(number, frame):
    raise KeyboardInterrupt


def counted(run):
    """Count the steps that a run does in this session."""
    done, step = [], run._one_step
    run._one_step = lambda indices: (step(indices), done.append(1))[0]
    return done


def session(folder, seconds, seen):
    """Train until the timer, or to the end; say whether the end was reached."""
    run, handler = trainer(folder, epochs=8), signal.getsignal(signal.SIGINT)
    began = checkpoint.load_latest_checkpoint(folder)
    began = began["counters"]["total"] if began else 0
    done = counted(run)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        run.fit()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        kept = checkpoint.load_latest_checkpoint(folder)
        seen["interrupts"] += 1
        # all steps of this session are kept; before the first one there is nothing to keep
        total = kept["counters"]["total"] if kept else 0
        if total != began + len(done):
            seen["lost"] += 1
            traceback.print_exc()
            print(f"{began} and {len(done)} steps were done, {total} are kept", file=sys.stderr)
        seen["handlers changed"] += signal.getsignal(signal.SIGINT) is not handler
        return None
    return run


def main(folder, n, seed):
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, interrupt)
    whole = trainer(None, epochs=8)
    whole.fit()
    chance, seen = (
        random.Random(seed),
        {"interrupts": 0, "lost": 0, "handlers changed": 0, "runs": 0},
    )
    while seen["interrupts"] < n:
        seen["runs"] += 1
        place, run = folder / str(seen["runs"]), None
        while run is None:
            run = session(place, chance.uniform(0.001, 0.15), seen)
        same = run.history == whole.history and all(map(torch.equal, weights(run), weights(whole)))
        seen["lost"] += not same
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
