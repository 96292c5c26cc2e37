"""The configuration of a training run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from colorlib.color import LabScaler
from colorlib.losses import GANLoss, Reconstruction
from colorlib.tensor_checks import check_at_least, check_choice

Schedule = Literal["constant", "step", "plateau", "cosine"]  #: when the learning rate falls
RECONSTRUCTIONS = (*get_args(Reconstruction), "cross_entropy")


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a training run, saved in every checkpoint.

    The defaults are those of the tutorial that papers 000 and 004 follow.

    Args:
        epochs: how often every image is seen.
        batch_size: images per step, those of all processes together; an incomplete batch at the end
            of an epoch is dropped.
        lr, betas: of Adam, for both networks.
        schedule: ``"constant"``; ``"step"``: a tenth from epoch ``step_epoch`` on (paper 002);
            ``"plateau"``: a tenth after more than ``patience`` epochs without a better validation
            score (paper 003); ``"cosine"``: half a cosine, down to 0 at the last epoch (Loshchilov
            and Hutter 2017).
        reconstruction: a kind of :func:`colorlib.losses.reconstruction_loss`; or
            ``"cross_entropy"``, :func:`colorlib.color_bins.bin_loss`, for a scaler whose output
            space is bins.
        uniform_share: of :func:`colorlib.color_bins.rebalancing_weights`, with
            ``"cross_entropy"``: 1/2 as in Zhang et al.; 1 weighs all bins alike.
        lambda_rec: lambda, the weight of the reconstruction loss next to the adversarial loss.
        gan: the adversarial loss, used if there is a discriminator.
        ema_decay: of an exponential moving average of the generator's weights, such as 0.999; 0 for
            none.
        horizontal_flip: whether half of the images are mirrored.
        min_crop: the smallest share of an image's sides that a random crop keeps, before it is
            enlarged again; None trains on whole images.
        film_share: the share of the images whose L is that of a random black-and-white film, as
            :func:`colorlib.data.old_photo.use_random_film` draws it.
        load_scale: how much larger the sides of the data's images are than those that the networks
            see; above 1, a crop stays as sharp as a whole image.
        amp: whether to use automatic mixed precision where the device is faster with it; see
            :mod:`colorlib.engine.precision`.
        compile: whether to compile the networks with ``torch.compile``: about a minute at the
            start, for steps that may be faster on a GPU. On most systems it needs a C++ compiler.
        scaler: what the networks see.
        seed: determines everything random.

    Raises:
        TypeError, ValueError: if a value is out of its range.
    """

    epochs: int = 20
    batch_size: int = 16
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    schedule: Schedule = "constant"
    step_epoch: int = 100
    patience: int = 3
    reconstruction: Reconstruction | Literal["cross_entropy"] = "l1"
    uniform_share: float = 0.5
    lambda_rec: float = 100.0
    gan: GANLoss = field(default_factory=GANLoss)
    ema_decay: float = 0.0
    horizontal_flip: bool = True
    min_crop: float | None = None
    film_share: float = 0.0
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
        check_choice("reconstruction", self.reconstruction, RECONSTRUCTIONS)
        if self.predicts_bins != (self.reconstruction == "cross_entropy"):
            found = f"reconstruction is {self.reconstruction!r}"
            space = f"output_space {self.scaler.output_space!r}"
            expected = "expected 'cross_entropy' with bins as the output space, and only there"
            raise ValueError(f"{found} with {space}; {expected}")
        if not 0 <= self.film_share <= 1:
            raise ValueError(f"film_share is {self.film_share}; expected a share from 0 to 1")
        if not 0 <= self.ema_decay < 1:
            raise ValueError(
                f"ema_decay is {self.ema_decay}; expected at least 0 and below 1, such as 0.999, "
                "or 0 for none"
            )

    @property
    def predicts_bins(self) -> bool:
        """Whether the generator's output is logits of colour bins."""
        return self.scaler.predicts_bins

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as it is read from JSON.

        Example:
            >>> TrainConfig(seed=3).to_dict()["betas"]
            [0.5, 0.999]
        """
        return dataclasses.asdict(self) | {"betas": list(self.betas)}
