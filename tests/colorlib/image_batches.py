"""Small batches of images for tests of metrics."""

import torch

from colorlib.color import lab_to_rgb, rgb_to_lab
from colorlib.data import sample_photos


def random_images(n, h, w, seed=0, channels=3):
    return torch.rand(n, channels, h, w, generator=torch.Generator().manual_seed(seed))


def flat_images(*colors, size=1):
    """Return images (n, 3, size, size), each of one colour."""
    return torch.tensor(colors, dtype=torch.float32).view(-1, 3, 1, 1).expand(-1, 3, size, size)


def lab_image(*colors):
    """Return an image (1, 3, 1, k) of k Lab colours inside sRGB."""
    return lab_to_rgb(torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, -1))


def photos_and_faded_copies(size=96):
    """Return the sample photos, and copies with noise and half of the colour."""
    real = torch.cat([photo.rgb(size) for photo in sample_photos("all")])
    L, ab = rgb_to_lab(real).split([1, 2], dim=1)
    noise = 20 * (random_images(len(real), size, size, channels=2) - 0.5)
    return real, lab_to_rgb(torch.cat([L, 0.5 * ab + noise], dim=1))
