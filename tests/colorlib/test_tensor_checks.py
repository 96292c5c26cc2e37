"""Every check raises one sentence: the argument's name, what was found, what was expected."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from colorlib import color, losses, metrics, scenes
from colorlib.colorizer import Colorizer
from colorlib.compare import ComparisonConfig
from colorlib.data import augment, build_image_cache, sample_photo_crops
from colorlib.data.datasets import TensorImages, load_dataset
from colorlib.data.download import download_dataset
from colorlib.discriminators import PatchDiscriminator
from colorlib.evaluation import evaluate
from colorlib.evaluation.collection import score_batch
from colorlib.evaluation.metric import l1_metric
from colorlib.evaluation.turing import TuringTest
from colorlib.io import images
from colorlib.tensor_checks import (
    check_at_least,
    check_choice,
    check_images,
    check_not_empty,
    check_same_shape,
)
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet

RGB = torch.zeros(1, 3, 8, 8)
AB = torch.zeros(1, 2, 8, 8)
LIST = "is a list; expected a tensor"


def tiny_net():
    return UNet(num_downs=3, base_channels=4)


def fit(**limits):
    """Train a tiny network for two steps at most."""
    settings = TrainConfig(epochs=1, batch_size=1)
    Trainer(tiny_net(), TensorImages(RGB.repeat(2, 1, 1, 1)), settings).fit(**limits)


def refuses(call, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value) and "expected" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (None, TypeError, "x is a NoneType; expected a tensor (n, 3, h, w)"),
        (
            [],
            TypeError,
            "x is a list; expected a tensor (n, 3, h, w): see colorlib.io.images.image_to_tensor",
        ),
        (np.zeros((1, 3, 4, 4)), TypeError, "x is a ndarray; expected a tensor (n, 3, h, w)"),
        (torch.zeros(3, 4, 4), ValueError, "x has shape (3, 4, 4); expected (n, 3, h, w): add a"),
        (torch.zeros(1, 4, 4, 3), ValueError, "(1, 4, 4, 3); expected (n, 3, h, w): move the"),
        (torch.zeros(1, 1, 4, 4), ValueError, "(1, 1, 4, 4); expected (n, 3, h, w): reshape it"),
        (RGB.byte(), TypeError, "x has dtype torch.uint8; expected floating point: divide by 255"),
        (RGB.long(), TypeError, "x has dtype torch.int64; expected floating point: call .float()"),
    ],
)
def test_check_images(value, error, words):
    refuses(lambda: check_images("x", value), error, words)
    check_images("x", RGB)


@pytest.mark.parametrize(
    ("a", "b", "error", "words"),
    [
        ([1.0], RGB, TypeError, "a is a list; expected a tensor (n, c, h, w)"),
        (RGB, None, TypeError, "b is a NoneType; expected a tensor (n, c, h, w)"),
        (RGB[0], RGB[0], ValueError, "a has shape (3, 8, 8); expected (n, c, h, w)"),
        (RGB, RGB[0], ValueError, "a has shape (1, 3, 8, 8) and b (3, 8, 8); expected the same"),
        (RGB, RGB.byte(), TypeError, "a has dtype torch.float32 and b torch.uint8; expected one"),
        (RGB[:0], RGB[:0], ValueError, "a has shape (0, 3, 8, 8); expected at least one value"),
    ],
)
def test_check_same_shape(a, b, error, words):
    refuses(lambda: check_same_shape(a=a, b=b), error, words)
    check_same_shape(a=RGB, b=RGB)


@pytest.mark.parametrize(
    ("check", "error", "words"),
    [
        (
            lambda: check_not_empty("x", RGB[:0]),
            ValueError,
            "x has shape (0, 3, 8, 8); expected at",
        ),
        (lambda: check_not_empty("x", 3), TypeError, "x is a int; expected a tensor"),
        (lambda: check_choice("x", "c", ("a", "b")), ValueError, "x is 'c'; expected 'a' or 'b'"),
        (lambda: check_choice("x", 1, "abc"), ValueError, "x is 1; expected 'a', 'b' or 'c'"),
        (lambda: check_at_least("x", 0, 1), ValueError, "x is 0; expected at least 1"),
        (lambda: check_at_least("x", math.nan, 0), ValueError, "x is nan; expected at least 0"),
        (lambda: check_at_least("x", "3", 1), TypeError, "x is '3'; expected a number, at least 1"),
    ],
)
def test_other_checks(check, error, words):
    refuses(check, error, words)
    check_not_empty("x", RGB)
    check_choice("x", "a", ("a", "b"))
    for value in (1, 1.0, np.int64(1), np.float32(1)):
        check_at_least("x", value, 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: color.rgb_to_lab([1]), "rgb " + LIST),
        (lambda: color.lab_to_rgb([1]), "lab " + LIST),
        (lambda: color.lab_to_rgb(RGB, "cut"), "gamut is 'cut'; expected 'chroma' or 'clip'"),
        (lambda: color.out_of_gamut([1]), "lab " + LIST),
        (lambda: color.reduce_chroma_to_gamut([1]), "lab " + LIST),
        (lambda: color.quantize_lightness([1]), "lab " + LIST),
        (
            lambda: color.LabScaler(output_space="hsv"),
            "output_space is 'hsv'; expected 'ab', 'lab', 'rgb', 'bins' or 'kmeans_bins'",
        ),
        (lambda: color.LabScaler().normalize([1]), "lab " + LIST),
        (lambda: color.LabScaler().denormalize(RGB[:, :1], [1]), "output " + LIST),
        (
            lambda: images.image_to_tensor(images.tensor_to_image(RGB), 0),
            "size is 0; expected at least 1",
        ),
        (lambda: losses.GANLoss("wgan"), "mode is 'wgan'; expected 'vanilla' or 'lsgan'"),
        (lambda: losses.GANLoss(saturating="x"), "saturating is 'x'; expected True or False"),
        (
            lambda: losses.GANLoss().discriminator_loss([1], AB),
            "logits is a list; expected a tensor",
        ),
        (lambda: losses.reconstruction_loss(AB, [1]), "fake " + LIST),
        (
            lambda: losses.reconstruction_loss(AB, AB, "x"),
            "distance is 'x'; expected 'l1', 'l2' or 'psnr'",
        ),
        (
            lambda: losses.generator_loss(AB, AB, AB, lambda_rec=-1),
            "lambda_rec is -1; expected at least 0",
        ),
        (lambda: PatchDiscriminator(n_layers=0), "n_layers=0; expected a whole number from 1 to 7"),
        (lambda: PatchDiscriminator(n_layers=1, base_channels=4)(AB[:, :1], [1]), "ab " + LIST),
        (lambda: UNet(num_downs="3"), "num_downs='3'; expected a whole number from 2 to 10"),
        (lambda: tiny_net()([1]), "L " + LIST),
        (lambda: l1_metric("hsv"), "space is 'hsv'; expected 'rgb', 'net_rgb', 'net_ab' or"),
        (lambda: score_batch([1], RGB), "fake " + LIST),
        (lambda: metrics.mse(RGB, [1]), "real " + LIST),
        (lambda: metrics.colorfulness([1]), "rgb " + LIST),
        (lambda: TuringTest(RGB, [1]), "real " + LIST),
        (lambda: sample_photo_crops(-1), "n is -1; expected at least 0"),
        (lambda: sample_photo_crops(1, 0), "size is 0; expected at least 1"),
        (
            lambda: sample_photo_crops(1, split="all of it"),
            "split is 'all of it'; expected 'train', 'test'",
        ),
        (lambda: scenes.draw_scenes(0), "n is 0; expected at least 1"),
        (lambda: scenes.draw_scenes(1, 31), "size is 31; expected at least 32"),
        (lambda: scenes.draw_scenes(1, seed=-1), "seed is -1; expected at least 0"),
        (lambda: load_dataset("photos", 0), "image_size is 0; expected at least 1"),
        (lambda: load_dataset("photos", 32, seed=-1), "seed is -1; expected at least 0"),
        (
            lambda: load_dataset("photos", 32, resize_mode="squeeze"),
            "resize_mode is 'squeeze'; expected 'center_crop' or 'stretch'",
        ),
        (lambda: load_dataset("photos", 32, max_images=0), "max_images is 0; expected at least 1"),
        (lambda: build_image_cache([], 0), "image_size is 0; expected at least 1"),
        (
            lambda: build_image_cache([], 8, resize_mode="squeeze"),
            "resize_mode is 'squeeze'; expected 'center_crop' or 'stretch'",
        ),
        (lambda: build_image_cache([], 8, num_workers=0), "num_workers is 0; expected at least 1"),
        (lambda: build_image_cache([], 8), "photos is empty; expected at least 1 photo"),
        (lambda: download_dataset("coco", tries=0), "tries is 0; expected at least 1"),
        (lambda: TensorImages([1]), "rgb " + LIST),
        (lambda: augment.augment([1], [0], 0, 0), "batch " + LIST),
        (lambda: augment.augment(RGB, [0], -1, 0), "seed is -1; expected at least 0"),
        (lambda: TrainConfig(epochs="3"), "epochs is '3'; expected a number, at least 1"),
        (lambda: TrainConfig(batch_size=0), "batch_size is 0; expected at least 1"),
        (lambda: TrainConfig(lr=-1e-4), "lr is -0.0001; expected at least 0"),
        (lambda: TrainConfig(seed=-1), "seed is -1; expected at least 0"),
        (
            lambda: TrainConfig(reconstruction="x"),
            "reconstruction is 'x'; expected 'l1', 'l2', 'psnr' or 'cross_entropy'",
        ),
        (
            lambda: TrainConfig(schedule="linear"),
            "schedule is 'linear'; expected 'constant', 'step', ",
        ),
        (lambda: fit(save_every_steps=0), "save_every_steps is 0; expected at least 1"),
        (lambda: fit(max_steps=-1), "max_steps is -1; expected at least 0"),
        (lambda: fit(max_minutes=-1), "max_minutes is -1; expected at least 0"),
        (
            lambda: evaluate.evaluate(None, TensorImages(RGB), batch_size=0),
            "batch_size is 0; expected at least 1",
        ),
        (lambda: Colorizer(tiny_net(), image_size=0), "image_size is 0; expected 1 to 4096"),
        (lambda: Colorizer(tiny_net(), image_size=8).predict_ab_at([1], 8), "L " + LIST),
        (lambda: ComparisonConfig("photos", 4097), "image_size is 4097; expected 1 to 4096"),
        (
            lambda: replace(ComparisonConfig("photos", 32), max_minutes=-1),
            "max_minutes is -1; expected at least 0",
        ),
    ],
)
def test_public_functions_check_their_arguments(call, words):
    refuses(call, (TypeError, ValueError), words)


def test_checked_functions_compile_as_one_graph():
    for function in (color.rgb_to_lab, lambda rgb: color.lab_to_rgb(100 * rgb, "clip")):
        whole = torch.compile(function, backend="eager", fullgraph=True)
        assert torch.equal(whole(RGB), function(RGB))
