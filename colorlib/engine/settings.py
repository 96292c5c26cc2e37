"""How a run trains, as a value that is saved with every checkpoint."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from colorlib.color import LabScaler
from colorlib.losses import GANLoss, Reconstruction
from colorlib.tensor_checks import check_at_least, check_choice

Schedule = Literal["fixed", "step", "plateau", "cosine"]  #: when the learning rate falls


@dataclass(frozen=True)
class TrainConfig:
    """How to train; saved with every checkpoint. The defaults are those that papers 000 and 004 follow.

    Args:
        epochs: How often every picture is seen.
        batch: Pictures in a step, those of all processes together; what is left over at the end of an epoch
            is dropped.
        lr, betas: Of Adam, for both networks.
        schedule: ``"fixed"``; ``"step"``: a tenth from epoch ``step_epoch`` on (paper 002); ``"plateau"``: a
            tenth after ``patience`` epochs without a better validation (paper 003); ``"cosine"``: half a
            cosine down to 0 at the last epoch (Loshchilov and Hutter 2017).
        pixel: The pixel loss, a kind of :func:`colorlib.losses.reconstruction_loss`.
        weight: lambda, the pixel loss's weight beside the adversarial one.
        gan: The adversarial loss; used where there is a critic.
        ema: Decay of a moving average of the generator's weights, for example 0.999; 0 keeps none.
        flip: Whether half of the pictures are mirrored.
        crop: The least share of a picture's sides that is cut out and enlarged again, anew in each epoch;
            None trains on whole pictures.
        oversize: How many times as long the sides of the data's pictures are as those that the networks see;
            above 1, what ``crop`` cuts out stays as sharp as a whole picture.
        mixed: Whether to compute in 16 bits where the device is faster so; see
            :mod:`colorlib.engine.precision`.
        compile: Whether ``torch.compile`` makes programs of the networks: a minute at the start, for steps
            that may be faster on a GPU. It needs what torch asks for, on most systems a C++ compiler.
        scale: What the networks see.
        seed: Everything random follows from it.
    """

    epochs: int = 20
    batch: int = 16
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    schedule: Schedule = "fixed"
    step_epoch: int = 100
    patience: int = 3
    pixel: Reconstruction = "l1"
    weight: float = 100.0
    gan: GANLoss = field(default_factory=GANLoss)
    ema: float = 0.0
    flip: bool = True
    crop: float | None = None
    oversize: float = 1.0
    mixed: bool = False
    compile: bool = False
    scale: LabScaler = field(default_factory=LabScaler)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "oversize"):
            check_at_least(name, getattr(self, name), 1)
        for name in ("lr", "step_epoch", "patience", "weight", "seed"):
            check_at_least(name, getattr(self, name), 0)
        check_choice("schedule", self.schedule, get_args(Schedule))
        check_choice("pixel", self.pixel, get_args(Reconstruction))
        if not 0 <= self.ema < 1:
            raise ValueError(
                f"ema is {self.ema}; expected a decay below 1 such as 0.999, or 0 for none"
            )

    def plain(self) -> dict[str, Any]:
        """Give the settings as JSON gives them back.

        Example:
            >>> TrainConfig(seed=3).plain()["betas"]
            [0.5, 0.999]
        """
        return dataclasses.asdict(self) | {"betas": list(self.betas)}
