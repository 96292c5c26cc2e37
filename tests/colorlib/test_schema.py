"""Validation of configurations from files, and the small memory that a refusal takes."""

import re
import tracemalloc

import pytest
import torch
from torch import nn

from colorlib.discriminators import PatchDiscriminator, PixelDiscriminator, create_discriminator
from colorlib.models import registry, schema
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.registry import create_generator
from colorlib.unet import RGBUNet, UNet

SCHEMA = {"in_features": range(1, 1_000_001), "out_features": range(1, 1_000_001), "bias": bool}
LINEAR = {"in_features": 2, "out_features": 3, "bias": False}
UNET = UNet(num_downs=2, base_channels=2, upsample_mode="resize").config
CNN, RGB = BaselineCNN().config, RGBUNet(1).config
PATCH, PIXEL = PatchDiscriminator(base_channels=1).config, PixelDiscriminator().config
WIDE_UNET = UNET | {"base_channels": 512, "max_multiplier": 16, "num_downs": 10}
FASTAI = {"generator": "FastaiUNet", "image_size": 10**6, "out_channels": 2}
FUSION = {"generator": "FusionCNN", "num_classes": 10**9, "out_channels": 2}


def test_from_config_passes_every_field():
    net = schema.from_config(nn.Linear, LINEAR, SCHEMA)
    assert (net.in_features, net.out_features, net.bias) == (2, 3, None)


def test_a_huge_network_is_refused_before_it_is_made():
    huge = LINEAR | {"in_features": 10**6, "out_features": 10**6}
    words = "Linear would have 1,000,000,000,000 parameters; expected at most 300,000,000"
    tracemalloc.start()
    with pytest.raises(ValueError, match=words):
        schema.from_config(nn.Linear, huge, SCHEMA)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert schema.MAX_PARAMETERS > 4 * 54_409_858  # twice the papers' channels are accepted


NAN = float("nan")


@pytest.mark.parametrize(
    ("constraint", "right", "wrong_type", "wrong_value", "words"),
    [
        (range(1, 4), [1, 3], [2.0, "2", True, None], [0, 4, 10**30], "a whole number from 1 to 3"),
        (bool, [True, False], [0, "true", None], [], "true or false"),
        (("a", "b"), ["a", "b"], [1, None, ["a"]], ["", "A", "ab"], "'a' or 'b'"),
        ((0.0, 1.0), [0, 0.0, 0.5], ["0", True, None], [1, 1.0, -0.1, NAN], "a number from 0 up"),
    ],
)
def test_each_constraint(constraint, right, wrong_type, wrong_value, words):
    for value in right:
        schema.validate_config("net", {"field": value}, {"field": constraint})
    for error, values in ((TypeError, wrong_type), (ValueError, wrong_value)):
        for value in values:
            message = re.escape(f"net got field={value!r}; expected {words}")
            with pytest.raises(error, match=message):
                schema.validate_config("net", {"field": value}, {"field": constraint})


@pytest.mark.parametrize(
    ("create", "config", "error", "words"),
    [
        (create_generator, {}, TypeError, "generator=None; expected 'UNet' or 'RGBUNet' or 'Base"),
        (create_generator, [], TypeError, r"config is \[\]; expected a dict"),
        (create_generator, "UNet", TypeError, "config is 'UNet'; expected a dict"),
        (create_generator, PATCH | {"generator": "Patch"}, ValueError, "generator='Patch'; exp"),
        (create_generator, CNN | {"num_downs": 3}, ValueError, "CNN got an unknown field 'num_d"),
        (create_generator, CNN | {"out_channels": 0}, ValueError, "out_channels=0; .* from 1 to"),
        (create_generator, RGB | {"base_channels": 129}, ValueError, "=129; .* from 1 to 128"),
        (create_generator, RGB | {"upsample_mode": 2}, TypeError, "mode=2; expected 'transposed'"),
        (create_generator, RGB | {"base_channels": 128, "num_downs": 7}, ValueError, "300,000,000"),
        (create_generator, WIDE_UNET, ValueError, "parameters; expected at most 300,000,000"),
        (create_generator, UNET | {"depth": 3}, ValueError, "field 'depth'; .*: remove it, or up"),
        (create_generator, UNET | {"skip_connections": 1}, TypeError, "=1; expected true or false"),
        (create_generator, UNET | {"dropout": 1}, ValueError, "from 0 up to but not including 1"),
        (create_generator, FASTAI, ValueError, "from 32 to 512"),
        (create_generator, FUSION, ValueError, "from 2 to 20000"),
        (create_discriminator, {}, TypeError, "discriminator=None; expected 'PatchDiscriminator'"),
        (create_discriminator, [], TypeError, r"config is \[\]; expected a dict"),
        (create_discriminator, {"discriminator": "UNet"}, ValueError, "='UNet'; expected 'Patch"),
        (create_discriminator, PIXEL | {"n_layers": 3}, ValueError, "unknown field 'n_layers'"),
        (create_discriminator, PIXEL | {"conditional": 1}, TypeError, "=1; expected true or false"),
        (create_discriminator, PATCH | {"n_layers": 50}, ValueError, "n_layers=50; .* from 1 to 7"),
        (create_discriminator, PATCH | {"base_channels": 512, "n_layers": 7}, ValueError, "300,0"),
    ],
)
def test_config_is_not_trusted(create, config, error, words):
    with pytest.raises(error, match=words) as caught:
        create(config)
    assert "\n" not in str(caught.value)


def test_config_must_be_complete():
    assert create_generator(UNET).config == UNET
    for field in set(UNET) - {"generator"}:
        incomplete = {name: value for name, value in UNET.items() if name != field}
        with pytest.raises(ValueError, match=f"UNet got no field '{field}'; expected .*: add it"):
            create_generator(incomplete)
    with pytest.raises(ValueError, match="from 2 to 10"):
        UNet(num_downs=1)


def test_every_generator_can_be_created():
    assert len(registry.GENERATORS) >= 6
    for kind in registry.GENERATORS:
        with torch.device("meta"):
            config = kind().config
            assert type(create_generator(config)) is kind
