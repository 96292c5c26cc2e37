"""A system of a paper as one frozen value, and the changes that an experiment makes to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from torch import nn

from colorlib import discriminators, pretrained
from colorlib.color import LabScaler
from colorlib.engine.settings import TrainConfig
from colorlib.generator import init_weights
from colorlib.models.registry import create_generator

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class DataSpec:
    """Which photos a system learns from, and how they become squares.

    Attributes:
        name: as :func:`colorlib.data.datasets.load_dataset` takes it; None where the paper's set was never published.
        about: what the paper says of them.
        count: how many it uses; None for all.
        ratios: shares of training, validation and test.
        fit: how a photo becomes square.
        filters: whether gray, faint, loud and crowded ones are left out.
        size: side of the squares that the networks see.
    """

    name: str | None
    about: str
    count: int | None = None
    ratios: tuple[float, float, float] = (0.8, 0.2, 0.0)
    fit: Literal["center_crop", "stretch"] = "stretch"
    filters: bool = False
    size: int = 256


@dataclass(frozen=True)
class Recipe:
    """Everything that must be said before a system of a paper can be trained.

    Attributes:
        name: what a person types.
        paper: ``"000"`` to ``"004"``, or ``"tutorial"``.
        system: one line.
        generator: as :func:`colorlib.models.registry.create_generator` takes it.
        photos: what it learns from.
        pixel: how the pixel stage trains; None without one.
        adversarial: how the adversarial stage trains; None without one. A pixel stage comes before it.
        critic: as :func:`colorlib.discriminators.create_discriminator` takes it; where there is an adversarial stage.
        init: the first weights, as for :func:`colorlib.generator.init_weights`.
        pretrained: whether the encoder starts with the weights of ImageNet.
        start: name of the shipped model whose weights the generator starts with; None for first weights.
        open: what the paper leaves open, or contradicts, and what was chosen here.
        said: the paper's own numbers.
        metric: the one of :func:`colorlib.evaluation.collection.default_metrics` that the paper's number is; None without one.

    Raises:
        ValueError: there is no stage, a critic has no settings or the other way round, or the stages or the
            networks do not fit together.
    """

    name: str
    paper: str
    system: str
    generator: Mapping[str, Any]
    photos: DataSpec
    pixel: TrainConfig | None = None
    adversarial: TrainConfig | None = None
    critic: Mapping[str, Any] | None = None
    init: Literal["normal", "he"] = "normal"
    pretrained: bool = False
    start: str | None = None
    open: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, float] = field(default_factory=dict)
    metric: str | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError(f"{self.name} has no stage; expected pixel, adversarial, or both")
        if (self.adversarial is None) != (self.critic is None):
            raise ValueError(f"{self.name} has a critic or its settings; expected both, or none")
        for name in ("scale", "oversize"):
            if len({getattr(settings, name) for settings in self.stages.values()}) != 1:
                raise ValueError(
                    f"{self.name} has stages that differ in {name}; expected one {name}"
                )

    @property
    def stages(self) -> dict[str, TrainConfig]:
        """The settings of each stage, in order, by the name of its folder."""
        stages = {"1-pixel": self.pixel, "2-adversarial": self.adversarial}
        return {name: settings for name, settings in stages.items() if settings is not None}

    @property
    def scale(self) -> LabScaler:
        """What the networks see and answer."""
        return next(iter(self.stages.values())).scale

    @property
    def prepared(self) -> int:
        """The side of the pictures that it is trained on; the networks see them at ``photos.size``."""
        return round(self.photos.size * next(iter(self.stages.values())).oversize)

    @property
    def least(self) -> int:
        """The smallest side in pixels that the networks take."""
        return 96 if self.generator["generator"] == "FusionCNN" else 32

    def networks(self, seed: int = 0) -> tuple[nn.Module, nn.Module | None]:
        """Make the generator and the critic, with the first weights that the recipe names.

        Raises:
            OSError: the weights of ImageNet were asked for and cannot be had.
            RuntimeError: the shipped weights that it starts with belong to another network.
        """
        net_g = create_generator(self.generator, pretrained=self.pretrained, seed=seed)
        net_g = init_weights(net_g, self.init, seed)
        if self.start is not None:
            net_g.load_state_dict(pretrained.load(self.start).net.state_dict())
        if self.critic is None:
            return net_g, None
        return net_g, init_weights(discriminators.create_discriminator(self.critic), self.init, seed + 1)

    def but(
        self,
        name: str | None = None,
        *,
        generator: Mapping[str, Any] = _NOTHING,
        critic: Mapping[str, Any] | None = _NOTHING,
        photos: Mapping[str, Any] = _NOTHING,
        settings: Mapping[str, Any] = _NOTHING,
        **fields: Any,
    ) -> Recipe:
        """Change some things and leave the rest: that is what an experiment is.

        Args:
            name: of the changed recipe; the old one if not given.
            generator, critic, photos: fields of these. A generator or a critic of another kind takes the old
                one's place, and None takes the critic away.
            settings: fields of the settings of every stage.
            **fields: fields of the recipe itself.

        Example:
            >>> from colorlib.recipes import RECIPES
            >>> RECIPES["p0"].but("p0-l2", settings={"pixel": "l2"}).adversarial.pixel
            'l2'
        """
        changed = {"generator": _merged(self.generator, generator, "generator"), **fields}
        changed["critic"] = _merged(self.critic, critic, "critic")
        changed["photos"] = dataclasses.replace(self.photos, **photos)
        for stage in ("pixel", "adversarial"):
            now = fields.get(stage, getattr(self, stage))
            changed[stage] = dataclasses.replace(now, **settings) if now is not None else None
        return dataclasses.replace(self, name=name or self.name, **changed)

    def at(self, size: int) -> Recipe:
        """Take the recipe to pictures of another size: fewer levels where a picture is too small for them.

        Args:
            size: side in pixels; what is below :attr:`least` becomes that.

        Example:
            >>> from colorlib.recipes import RECIPES
            >>> RECIPES["p0"].at(64).generator["downs"], RECIPES["p2-inception"].at(64).photos.size
            (6, 96)
        """
        size = max(size, self.least)
        fits = {"size": size, "downs": min(self.generator.get("downs", 8), size.bit_length() - 1)}
        generator = {name: value for name, value in fits.items() if name in self.generator}
        critic = {"size": size} if "size" in (self.critic or {}) else {}
        return self.but(generator=generator, critic=critic, photos={"size": size})

    def reduced(self) -> Recipe:
        """Take the recipe to what runs in seconds: small pictures, narrow nets, one epoch, no download."""
        narrow = {"width": 16} if "width" in self.generator else {}
        return self.at(32).but(
            generator=narrow,
            critic={"width": 16},
            settings={"epochs": 1, "batch": 8, "oversize": 1},
            pretrained=False,
            start=None,
        )


def _merged(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, kind: str
) -> Mapping[str, Any] | None:
    """Put new fields into an old configuration; one that names a kind stands for itself."""
    if new is None or kind in new:
        return new
    return {**old, **new} if old is not None else None
