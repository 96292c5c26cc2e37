"""What stands around a run: a folder for it alone, steps done to their end, faults explained."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor, nn

from colorlib.engine import distributed
from colorlib.engine.optimization import tune_malloc
from colorlib.engine.precision import is_out_of_memory
from colorlib.engine.resume import resume_from_checkpoint, trainer_state
from colorlib.io import checkpoint
from colorlib.io.files import lock_folder

if TYPE_CHECKING:
    from colorlib.engine.trainer import Trainer

_logger = logging.getLogger("colorlib")
Step = Callable[[Tensor], dict[str, float]]


@contextmanager
def guarded(run: Trainer, resume: bool) -> Iterator[Step]:
    """Take a run up for the length of a block, and keep it if the keyboard interrupts that.

    Half a step is no place to go on from: one network has moved, the other has not. An interrupt reaches only
    a program's first thread, so steps are done in another one, and the one under way is finished before the
    checkpoint is written. No signal's handler is touched.

    Yields:
        What does a step of the run.
    """
    torn = False

    def step(indices: Tensor) -> dict[str, float]:
        nonlocal torn
        torn = True
        try:
            losses = run._one_step(indices)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise MemoryError(_no_memory(run, len(indices))) from error
        torn = False
        return losses

    with (
        lock_folder(run.folder if distributed.rank() == 0 else None),
        ThreadPoolExecutor(1, "step") as worker,
    ):
        resume_from_checkpoint(run, resume)
        if run.device.type == "cpu":
            tune_malloc()
        worker.submit(int).result()  # so that the thread is there
        try:
            yield lambda indices: worker.submit(step, indices).result()
        except KeyboardInterrupt:
            if run.folder is not None and distributed.rank() == 0:
                _logger.warning(
                    "interrupted at epoch %d: the step under way is finished and a checkpoint written, "
                    "which fit goes on from; interrupted again, it leaves out both",
                    run.epoch,
                )
            worker.submit(int).result()  # after the step
            if not torn:
                run.save()
            raise


def check(run: Trainer, losses: Mapping[str, float], indices: Sequence[int]) -> None:
    """Raise FloatingPointError if a loss is not a number, and say which pictures are to blame if some are."""
    if all(map(math.isfinite, losses.values())):
        return
    found = f"a loss is not a number at epoch {run.epoch}, step {run.step} ({dict(losses)})"
    broken = [i for i in indices if not run.dataset[i].isfinite().all()]
    if broken:
        do = f"pictures {broken} of the data hold values that are no numbers: mend them or leave them out"
    else:
        do = "lower the learning rate, in another folder, or compute in float32"
    raise FloatingPointError(f"{found}; {do}; the last checkpoint stands")


def keep(run: Trainer) -> None:
    """Write a checkpoint of where a run with a folder stands; while an epoch ends, of where it stood before.

    Raises:
        FloatingPointError: Weights are no numbers any more: those are not worth a checkpoint.
    """
    if run.folder is None or distributed.rank() > 0:
        return
    for name, part in run.parts.items():
        if isinstance(part, nn.Module) and not all(
            w.isfinite().all() for w in part.state_dict().values()
        ):
            do = "look for pictures with such values, or lower the learning rate, in another folder"
            found = f"{name} has weights that are no numbers"
            raise FloatingPointError(f"{found}: {do}; the last checkpoint stands")
    tree = run.before or trainer_state(run)
    counters = tree["counters"]
    checkpoint.save_checkpoint(run.folder, tree, epoch=counters["epoch"], step=counters["step"])


def _no_memory(run: Trainer, n: int) -> str:
    size = "x".join(map(str, run.dataset[0].shape[-2:]))
    found = f"memory ran out at epoch {run.epoch}, step {run.step}, with {n} pictures of {size} in a step"
    return (
        f"{found}; the last checkpoint stands: close other programs and go on from it, or begin in another "
        "folder with a smaller batch or size"
    )
