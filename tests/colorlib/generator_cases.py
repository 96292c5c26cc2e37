"""Small pictures and small networks for the tests of the generators: a case for each class."""

import torch

from colorlib.encoders import EncoderUNet
from colorlib.engine.ema import update_bn
from colorlib.fusion import FusionCNN
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.fastai_unet import FastaiUNet
from colorlib.unet import RGBUNet, UNet

CASES = {  # what makes a network, and the side of pictures that it trains on quickly
    "UNet": (lambda: UNet(downs=3, width=4), 16),
    "paper003": (lambda: UNet(outputs=3, downs=3, width=4, style="paper003"), 16),
    "RGBUNet": (lambda: RGBUNet(width=4, downs=3), 16),
    "RGBUNet resize": (lambda: RGBUNet(4, 2, downs=3, up="resize"), 16),
    "BaselineCNN": (BaselineCNN, 8),
    "BaselineCNN RGB": (lambda: BaselineCNN(3), 8),
    "mobilenet_v2": (lambda: EncoderUNet("mobilenet_v2", width=4), 64),
    "densenet121": (lambda: EncoderUNet("densenet121", 3, width=4), 64),
    "resnet18 frozen": (lambda: EncoderUNet("resnet18", frozen=True, dropout=0.2, width=4), 64),
    "FusionCNN": (lambda: FusionCNN(classes=10), 80),
    "EfficientNetUNet": (lambda: init_weights(EfficientNetUNet(blocks=12, width=8), "he"), 64),
    "FastaiUNet": (lambda: FastaiUNet(32), 32),
}


def noise(*shape, seed=0):
    """Draw numbers in [-1, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def count(net):
    """Count the parameters."""
    return sum(p.numel() for p in net.parameters())


def shaken(net, seed=0):
    """Move what learns a little, each weight by its own amount, and measure batch statistics anew."""
    generator = torch.Generator().manual_seed(
        1000 + seed
    )  # not the stream that first weights come from
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.requires_grad:
                continue
            by = torch.rand(parameter.shape, generator=generator) * 2 - 1
            parameter.mul_(1 + 0.2 * by) if parameter.ndim > 1 else parameter.add_(0.05 * by)
    side = max(net.least, 32)
    update_bn(net, [noise(3, 1, side, side, seed=seed)])
    return net
