"""How a run trains, as a value that is saved with every checkpoint."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from colorlib.color import LabScaler
from colorlib.losses import GANLoss, Reconstruction
from colorlib.tensor_checks import check_at_least, check_choice

Schedule = Literal["constant", "step", "plateau", "cosine"]  #: when the learning rate falls


@dataclass(frozen=True)
class TrainConfig:
    """How to train; saved with every checkpoint. The defaults are those that papers 000 and 004 follow.

    Args:
        epochs: How often every picture is seen.
        batch_size: Pictures in a step, those of all processes together; what is left over at the end of an epoch
            is dropped.
        lr, betas: Of Adam, for both networks.
        schedule: ``"constant"``; ``"step"``: a tenth from epoch ``step_epoch`` on (paper 002); ``"plateau"``: a
            tenth after ``patience`` epochs without a better validation (paper 003); ``"cosine"``: half a
            cosine down to 0 at the last epoch (Loshchilov and Hutter 2017).
        reconstruction: The pixel loss, a kind of :func:`colorlib.losses.reconstruction_loss`.
        lambda_rec: lambda, the pixel loss's weight beside the adversarial one.
        gan: The adversarial loss; used where there is a critic.
        ema_decay: Decay of a moving average of the generator's weights, for example 0.999; 0 keeps none.
        horizontal_flip: Whether half of the pictures are mirrored.
        min_crop: The least share of a picture's sides that is cut out and enlarged again, anew in each epoch;
            None trains on whole pictures.
        load_scale: How many times as long the sides of the data's pictures are as those that the networks see;
            above 1, what ``min_crop`` cuts out stays as sharp as a whole picture.
        amp: Whether to compute in 16 bits where the device is faster so; see
            :mod:`colorlib.engine.precision`.
        compile: Whether ``torch.compile`` makes programs of the networks: a minute at the start, for steps
            that may be faster on a GPU. It needs what torch asks for, on most systems a C++ compiler.
        scaler: What the networks see.
        seed: Everything random follows from it.
    """

    epochs: int = 20
    batch_size: int = 16
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    schedule: Schedule = "constant"
    step_epoch: int = 100
    patience: int = 3
    reconstruction: Reconstruction = "l1"
    lambda_rec: float = 100.0
    gan: GANLoss = field(default_factory=GANLoss)
    ema_decay: float = 0.0
    horizontal_flip: bool = True
    min_crop: float | None = None
    load_scale: float = 1.0
    amp: bool = False
    compile: bool = False
    scaler: LabScaler = field(default_factory=LabScaler)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "load_scale"):
            check_at_least(name, getattr(self, name), 1)
        for name in ("lr", "step_epoch", "patience", "lambda_rec", "seed"):
            check_at_least(name, getattr(self, name), 0)
        check_choice("schedule", self.schedule, get_args(Schedule))
        check_choice("reconstruction", self.reconstruction, get_args(Reconstruction))
        if not 0 <= self.ema_decay < 1:
            raise ValueError(
                f"ema_decay is {self.ema_decay}; expected a decay below 1 such as 0.999, or 0 for none"
            )

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as JSON gives them back.

        Example:
            >>> TrainConfig(seed=3).to_dict()["betas"]
            [0.5, 0.999]
        """
        return dataclasses.asdict(self) | {"betas": list(self.betas)}
