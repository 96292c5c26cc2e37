"""Batch norm fused into the convolution before it, for faster inference."""

from __future__ import annotations

import copy
from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_conv_bn(net: nn.Module) -> nn.Module:
    """Return a copy for inference, with each batch norm fused into the convolution before it.

    In evaluation mode batch norm multiplies each channel by one number and adds another; a
    convolution can do both with its weights and bias (Jacob et al. 2018, section 3.2). Only
    neighbours in an ``nn.Sequential`` are fused: the order of other modules is not known without
    tracing. On two cores the MobileNetV2 U-Net is about 1.1 times as fast, and in float32 the
    shipped network 1.3 times.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        >>> fuse_conv_bn(net)
        Sequential(
          (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
          (1): Identity()
          (2): ReLU()
        )
    """
    net = copy.deepcopy(net).eval()
    sequentials = [module for module in net.modules() if isinstance(module, nn.Sequential)]
    for layers in sequentials:
        for k, (conv, norm) in enumerate(pairwise(list(layers))):
            transposed = isinstance(conv, nn.ConvTranspose2d)
            if type(norm) is nn.BatchNorm2d and (transposed or isinstance(conv, nn.Conv2d)):
                layers[k] = fuse_conv_bn_eval(conv, norm, transpose=transposed)
                layers[k + 1] = nn.Identity()
    return net
