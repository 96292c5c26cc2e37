"""Recipes: everything that is needed to train one system of a paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from torch import nn

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.discriminators import create_discriminator
from colorlib.generator import init_weights
from colorlib.models.registry import create_generator
from colorlib.tensor_checks import check_image_size
from colorlib.training import TrainConfig

_UNCHANGED: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class DataSpec:
    """The photos that a system learns from, and how they are prepared.

    Attributes:
        dataset: as :func:`colorlib.data.datasets.load_dataset` takes it; None if the paper's data
            set was never published.
        description: what the paper says of the photos.
        max_images: how many photos it uses; None for all.
        split_ratios: shares of training, validation and test.
        resize_mode: how a photo becomes square.
        filtered: whether gray, faint, loud and crowded photos are removed.
        image_size: height and width in pixels of the images that the networks see.
    """

    dataset: str | None
    description: str
    max_images: int | None = None
    split_ratios: tuple[float, float, float] = (0.8, 0.2, 0.0)
    resize_mode: Literal["center_crop", "stretch"] = "stretch"
    filtered: bool = False
    image_size: int = 256

    def __post_init__(self) -> None:
        check_image_size("image_size", self.image_size)


@dataclass(frozen=True)
class Recipe:
    """Everything that is needed to train one system of a paper.

    Training has one or two stages: with the pixel loss alone, then against a discriminator.

    Attributes:
        name: the name on the command line.
        paper: ``"000"`` to ``"004"``, ``"tutorial"``, or ``"cited"`` by them.
        description: the system in one line.
        generator: the configuration for :func:`colorlib.models.registry.create_generator`.
        data: the photos that it learns from.
        pixel: the configuration of the pixel stage; None to leave the stage out.
        adversarial: the configuration of the adversarial stage; None to leave the stage out.
        discriminator: the configuration for
            :func:`colorlib.discriminators.create_discriminator`; None without an adversarial stage.
        init: the initial weights, as :func:`colorlib.generator.init_weights` takes it.
        pretrained: whether the encoder starts from ImageNet weights.
        init_from: a weights file of the same network whose weights the generator starts from, or
            None.
        unspecified: what the paper leaves open or contradicts, and what was chosen here.
        reported: the paper's own numbers.
        metric: the metric of :func:`colorlib.evaluation.collection.default_metrics` that the
            paper's number corresponds to, or None.

    Raises:
        ValueError: if there is no stage, only one of discriminator and adversarial stage is given,
            or the two stages differ in what the networks see.
    """

    name: str
    paper: str
    description: str
    generator: Mapping[str, Any]
    data: DataSpec
    pixel: TrainConfig | None = None
    adversarial: TrainConfig | None = None
    discriminator: Mapping[str, Any] | None = None
    init: Literal["normal", "he"] = "normal"
    pretrained: bool = False
    init_from: str | None = None
    unspecified: Mapping[str, str] = field(default_factory=dict)
    reported: Mapping[str, float] = field(default_factory=dict)
    metric: str | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError(f"{self.name} has no stage; expected pixel, adversarial, or both")
        if (self.adversarial is None) != (self.discriminator is None):
            raise ValueError(
                f"{self.name} has only one of discriminator and adversarial; "
                "expected both, or neither"
            )
        for name in ("scaler", "load_scale"):
            values = {getattr(config, name) for config in self.stages.values()}
            if len(values) > 1:
                raise ValueError(
                    f"{self.name} has stages that differ in {name}; expected one {name}"
                )

    @property
    def stages(self) -> dict[str, TrainConfig]:
        """The configuration of each stage, in order, by the name of its folder."""
        stages = {"1-pixel": self.pixel, "2-adversarial": self.adversarial}
        return {name: config for name, config in stages.items() if config is not None}

    @property
    def _first_stage(self) -> TrainConfig:
        return next(iter(self.stages.values()))

    @property
    def scaler(self) -> LabScaler:
        """The scaler that turns Lab into the input and the target of the networks."""
        return self._first_stage.scaler

    @property
    def stored_size(self) -> int:
        """The side in pixels of the stored images, before scaling to ``data.image_size``."""
        return round(self.data.image_size * self._first_stage.load_scale)

    @property
    def min_size(self) -> int:
        """The smallest side in pixels that the networks accept."""
        return 96 if self.generator["generator"] == "FusionCNN" else 32

    def build_networks(self, seed: int = 0) -> tuple[nn.Module, nn.Module | None]:
        """Return the generator and the discriminator (or None) with their initial weights.

        Raises:
            OSError: if the ImageNet weights cannot be downloaded.
            FileNotFoundError, CheckpointError: if ``init_from`` is not a weights file.
            ValueError: if the weights in ``init_from`` belong to another network.
        """
        net_g = create_generator(self.generator, pretrained=self.pretrained, seed=seed)
        net_g = init_weights(net_g, self.init, seed)
        if self.init_from is not None:
            initial = Colorizer.load(self.init_from).net
            if initial.config != net_g.config:
                raise ValueError(
                    f"{self.init_from} holds the network {initial.config}; expected "
                    f"{net_g.config}: name weights of the same network"
                )
            net_g.load_state_dict(initial.state_dict())
        if self.discriminator is None:
            return net_g, None
        net_d = create_discriminator(self.discriminator)
        return net_g, init_weights(net_d, self.init, seed + 1)

    def replace(
        self,
        name: str | None = None,
        *,
        generator: Mapping[str, Any] = _UNCHANGED,
        discriminator: Mapping[str, Any] | None = _UNCHANGED,
        data: Mapping[str, Any] = _UNCHANGED,
        config: Mapping[str, Any] = _UNCHANGED,
        **fields: Any,
    ) -> Recipe:
        """Return a copy with some values changed: an experiment is a recipe and such a copy.

        Args:
            name: of the copy; the old one if not given.
            generator, discriminator: fields to change in these configurations. A network of another
                kind replaces the old configuration, and None removes the discriminator.
            data: fields of :class:`DataSpec` to change.
            config: fields of :class:`~colorlib.training.TrainConfig` to change in every
                stage.
            **fields: fields of the recipe itself.

        Example:
            >>> from colorlib.recipes import RECIPES
            >>> RECIPES["p0"].replace(config={"reconstruction": "l2"}).adversarial.reconstruction
            'l2'
        """
        for stage in ("pixel", "adversarial"):
            stage_config = fields.get(stage, getattr(self, stage))
            if stage_config is not None:
                stage_config = dataclasses.replace(stage_config, **config)
            fields[stage] = stage_config
        return dataclasses.replace(
            self,
            name=name or self.name,
            generator=_merge_config(self.generator, generator, "generator"),
            discriminator=_merge_config(self.discriminator, discriminator, "discriminator"),
            data=dataclasses.replace(self.data, **data),
            **fields,
        )

    def with_image_size(self, image_size: int) -> Recipe:
        """Return a copy for images of another size, with fewer levels for small images.

        Args:
            image_size: side in pixels; a value below :attr:`min_size` becomes that.

        Example:
            >>> from colorlib.recipes import RECIPES
            >>> RECIPES["p0"].with_image_size(64).generator["num_downs"]
            6
            >>> RECIPES["p2-inception"].with_image_size(64).data.image_size
            96
        """
        check_image_size("image_size", image_size)
        image_size = max(image_size, self.min_size)
        generator, discriminator = {}, {}
        if "image_size" in self.generator:
            generator["image_size"] = image_size
        if "num_downs" in self.generator:
            generator["num_downs"] = min(self.generator["num_downs"], image_size.bit_length() - 1)
        if self.discriminator is not None and "image_size" in self.discriminator:
            discriminator["image_size"] = image_size
        return self.replace(
            generator=generator, discriminator=discriminator, data={"image_size": image_size}
        )

    def reduced(self) -> Recipe:
        """Return a copy that trains in seconds: small images and networks, one epoch."""
        return self.with_image_size(32).replace(
            generator={"base_channels": 16} if "base_channels" in self.generator else {},
            discriminator={"base_channels": 16},
            config={"epochs": 1, "batch_size": 8, "load_scale": 1},
            pretrained=False,
            init_from=None,
        )


def _merge_config(
    old: Mapping[str, Any] | None, changes: Mapping[str, Any] | None, kind: str
) -> Mapping[str, Any] | None:
    """Return a network's configuration with changes; one that names a ``kind`` replaces it."""
    if changes is None or kind in changes:
        return changes
    return None if old is None else {**old, **changes}
