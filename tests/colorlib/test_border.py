"""Detection of plain borders, and the colours of the photo inside them."""

import pytest
import torch
import torch.nn.functional as F

from colorlib.colorizer import Colorizer
from colorlib.inference.border import find_content
from colorlib.unet import UNet

ALL = slice(0, 60), slice(0, 90)


@pytest.fixture
def L():
    return torch.rand(1, 1, 60, 90, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8


@pytest.mark.parametrize("value", [-1.0, -0.9, 0.8, 1.0])
def test_noisy_border_is_found(L, value):
    noise = 0.01 * torch.randn(1, 1, 80, 96, generator=torch.Generator().manual_seed(1))
    framed = (
        F.pad(L, (2, 4, 12, 8), value=value)
        + F.pad(torch.zeros_like(L), (2, 4, 12, 8), value=1.0) * noise
    )
    assert find_content(framed.clamp(-1, 1)) == (slice(12, 72), slice(2, 92))


def test_sky_gray_frame_and_flat_image_are_not_borders(L):
    sky = L.clone()
    sky[..., :20, :] = 1
    assert find_content(sky) == ALL
    assert find_content(F.pad(L, (5,) * 4, value=0.0)) == (slice(0, 70), slice(0, 100))
    for value in (-1.0, 0.0, 1.0):
        assert find_content(torch.full_like(L, value)) == ALL


def test_framed_photo_gets_same_colors(L):
    model = Colorizer(UNet(num_downs=3, base_channels=4, dropout=0).eval(), image_size=32)
    framed = model.predict_ab(F.pad(L, (6,) * 4, value=1.0))
    assert torch.equal(framed[..., 6:-6, 6:-6], model.predict_ab(L))
    assert framed[..., :6, :].abs().max() == framed[..., -6:].abs().max() == 0
    assert model.predict_ab(L).abs().max() > 0
