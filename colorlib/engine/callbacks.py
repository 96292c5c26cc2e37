"""Callbacks of :class:`colorlib.training.Trainer`: all that a run does besides its steps."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn

from tqdm import tqdm

from colorlib.engine import distributed
from colorlib.engine.batches import epoch_batches
from colorlib.engine.diagnostics import gan_warnings
from colorlib.engine.precision import describe_dtype, is_out_of_memory
from colorlib.engine.signals import Stopped, handle_stop_signals
from colorlib.tensor_checks import check_at_least

if TYPE_CHECKING:
    from colorlib.training import Trainer

_logger = logging.getLogger("colorlib")


class Callback:
    """Four hooks of a training run; each does nothing unless a subclass overrides it.

    Of several callbacks the last one is called first by ``on_fit_start``, so that the run is
    resumed before the others look at it. In all other hooks they are called in their order. In
    several processes, every process calls them.
    """

    def on_fit_start(self, trainer: Trainer) -> None:
        """Do what must precede the first step."""

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Look at the losses of a step, already counted in ``trainer.step``."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Look at the last row of ``trainer.history``; change nothing that training depends on."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """Clean up; also called after an error."""


class FiniteLosses(Callback):
    """Stops the run with an error when a loss is NaN or infinite."""

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Raise FloatingPointError, naming the images that caused it, if some did."""
        if all(map(math.isfinite, losses.values())):
            return
        step = trainer.step - 1
        dataset = trainer.dataset
        indices = epoch_batches(len(dataset), trainer.config, trainer.epoch)[step].tolist()
        broken = [index for index in indices if not dataset[index].isfinite().all()]
        advice = "lower the learning rate, in another folder, or compute in float32"
        if broken:
            advice = f"images {broken} of the data hold NaN or infinity: repair or remove them"
        raise FloatingPointError(
            f"a loss is not finite at epoch {trainer.epoch}, step {step} ({dict(losses)}); "
            f"{advice}; the last checkpoint is intact"
        )


class GanWarnings(Callback):
    """Logs a warning when the discriminator has won, or the generator ignores its input."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Log what :func:`~colorlib.engine.diagnostics.gan_warnings` finds."""
        if distributed.rank() == 0:
            for message in gan_warnings(trainer.history, trainer.config.gan):
                _logger.warning("epoch %d: %s", trainer.epoch, message)


class TimeLimit(Callback):
    """Stops the run after a number of steps in all, or of minutes from now on."""

    def __init__(self, max_steps: int | None, max_minutes: float | None) -> None:
        if max_steps is not None:
            check_at_least("max_steps", max_steps, 0)
        if max_minutes is not None:
            check_at_least("max_minutes", max_minutes, 0)
        self.max_steps = math.inf if max_steps is None else max_steps
        minutes = math.inf if max_minutes is None else max_minutes
        self.deadline = time.monotonic() + 60 * minutes

    def on_fit_start(self, trainer: Trainer) -> None:
        """Stop before the first step if a limit is 0, or was reached before."""
        self.on_step_end(trainer, {})

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Set ``trainer.should_stop`` in all processes if one has reached the limit."""
        if self.deadline < math.inf and distributed.any_process(time.monotonic() >= self.deadline):
            trainer.should_stop = True
        if trainer.global_step >= self.max_steps:
            trainer.should_stop = True


class Progress(Callback):
    """Shows a progress bar; logs the precision, and how long a first step with compiling took."""

    def __init__(self, visible: bool) -> None:
        self.disabled = not visible or distributed.rank() > 0
        self.started = time.monotonic()

    def on_fit_start(self, trainer: Trainer) -> None:
        """Log the precision, and open the bar where the run resumes."""
        if trainer.config.amp and distributed.rank() == 0:
            _logger.info("precision: %s", describe_dtype(trainer.amp_dtype))
        self.is_compiling = trainer.config.compile
        self.bar = tqdm(
            desc="Training",
            unit="step",
            initial=trainer.global_step,
            total=trainer.config.epochs * trainer.steps_per_epoch,
            disable=self.disabled,
        )

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Advance the bar and show the losses."""
        if self.is_compiling:
            seconds = time.monotonic() - self.started
            _logger.info("first step, with compiling: %.1f s", seconds)
            self.is_compiling = False
        self.bar.update()
        self.bar.set_postfix(epoch=trainer.epoch + 1, **losses, refresh=False)

    def on_fit_end(self, trainer: Trainer) -> None:
        """Close the bar."""
        self.bar.close()


class GracefulStop(Callback):
    """Stops a run on Ctrl-C, SIGINT or SIGTERM, without losing a step.

    A signal sets a flag, which is read between steps: half a step, after which one network has
    moved and the other has not, is not a state to resume from. The checkpoint is saved and
    :class:`~colorlib.engine.signals.Stopped`, a KeyboardInterrupt, is raised. Validation may take
    minutes and changes nothing that it cannot repeat: it is stopped at once. So is everything by a
    second signal, which saves nothing.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.handlers = ExitStack()

    def on_fit_start(self, trainer: Trainer) -> None:
        """Handle signals until the end of the run."""

        def handle(number: int) -> None:
            if self.signal_number is not None:
                self._stop()
            self.signal_number = number
            if trainer.folder is not None and distributed.rank() == 0:
                _logger.warning(
                    "interrupted at epoch %d: the current step is completed and a checkpoint is "
                    "saved, from which fit resumes; interrupt again to stop without either",
                    trainer.epoch,
                )
            if trainer.is_validating:
                trainer.save_checkpoint()
                self._stop()

        self.handlers.enter_context(handle_stop_signals(handle))

    def _stop(self) -> NoReturn:
        number, self.signal_number = self.signal_number, None
        raise Stopped(number or signal.SIGINT)  # in this process, or in another one

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Save a checkpoint and stop if a signal has arrived in any process."""
        if distributed.any_process(self.signal_number is not None):
            trainer.save_checkpoint()
            self._stop()

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Stop if a signal has arrived; the checkpoint of this epoch is saved."""
        self.on_step_end(trainer, {})

    def on_fit_end(self, trainer: Trainer) -> None:
        """Restore the former handlers, and stop if a signal arrived after the last step."""
        self.handlers.close()
        if self.signal_number is not None:
            self._stop()


@contextmanager
def explain_out_of_memory(trainer: Trainer) -> Iterator[None]:
    """Raise MemoryError with a sentence that says what to do if memory runs out in a block."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        size = "x".join(map(str, trainer.dataset[0].shape[-2:]))
        raise MemoryError(
            f"memory ran out at epoch {trainer.epoch}, step {trainer.step}, with "
            f"{trainer.config.batch_size} images of {size} in a step; the last checkpoint is "
            "intact: close other programs and resume from it, or start in another folder with a "
            "smaller batch or image size"
        ) from error
