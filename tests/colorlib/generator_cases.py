"""Small images and small networks for the tests of the generators: a case for each class."""

import pytest
import torch

from colorlib.data.datasets import TensorImages
from colorlib.encoders import EncoderUNet
from colorlib.fusion import FusionCNN
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.color_unet import ColorUNet
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.fastai_unet import FastaiUNet
from colorlib.models.zhang_net import ZhangNet
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import RGBUNet, UNet


def efficientnet_unet():
    return init_weights(EfficientNetUNet(num_blocks=12, base_channels=8), "he")


def paper003():
    return UNet(out_channels=3, num_downs=3, base_channels=4, variant="paper003")


def resnet18_unet():
    return EncoderUNet("resnet18", frozen=True, dropout=0.2, base_channels=4)


CASES = {  # a function that creates a network, and the side of images that it trains on quickly
    "UNet": (lambda: UNet(num_downs=3, base_channels=4), 16),
    "paper003": (paper003, 16),
    "RGBUNet": (lambda: RGBUNet(base_channels=4, num_downs=3), 16),
    "RGBUNet resize": (lambda: RGBUNet(4, 2, num_downs=3, upsample_mode="resize"), 16),
    "BaselineCNN": (BaselineCNN, 8),
    "BaselineCNN RGB": (lambda: BaselineCNN(3), 8),
    "mobilenet_v2": (lambda: EncoderUNet("mobilenet_v2", base_channels=4), 64),
    "densenet121": (lambda: EncoderUNet("densenet121", 3, base_channels=4), 64),
    "resnet18 frozen": (resnet18_unet, 64),
    "FusionCNN": (lambda: FusionCNN(num_classes=10), 80),
    "EfficientNetUNet": (efficientnet_unet, 64),
    "FastaiUNet": (lambda: FastaiUNet(32), 32),
    "ZhangNet": (lambda: ZhangNet(0, base_channels=2), 16),
    "ColorUNet": (lambda: ColorUNet(0, base_channels=2), 16),
}


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks are faster on one thread, above all when others use the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def noise(*shape, seed=0):
    """Return random numbers in [-1, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def count(net):
    """Count the parameters."""
    return sum(p.numel() for p in net.parameters())


def state_copy(net):
    """Return a copy of the state dict."""
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def perturbed(net, seed=0):
    """Change each trainable weight by its own amount, and recompute batch norm statistics."""
    generator = torch.Generator().manual_seed(1000 + seed)  # not that of the initial weights
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.requires_grad:
                continue
            change = torch.rand(parameter.shape, generator=generator) * 2 - 1
            if parameter.ndim > 1:
                parameter.mul_(1 + 0.2 * change)
            else:
                parameter.add_(0.05 * change)
    side = max(net.min_size, 32)
    torch.optim.swa_utils.update_bn([noise(3, 1, side, side, seed=seed)], net)
    return net.eval()


def train_two_steps(net, side, ema_decay=0.9):
    """Train for an epoch of two steps, and return the network that the run results in."""
    images = TensorImages((noise(4, 3, side, side) + 1) / 2)
    config = TrainConfig(epochs=1, batch_size=2, lr=1e-3, ema_decay=ema_decay)
    return Trainer(net, images, config).fit()
