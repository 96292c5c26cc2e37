"""Batches as the networks see them: sizes, crops, and agreement with Pillow."""

import pytest
import torch
from PIL import Image
from tiny_run import Crops
from torch.utils.data import Dataset

from colorlib.color import quantize_lightness, rgb_to_lab, to_uint8
from colorlib.engine.batches import load_batches
from colorlib.io import images
from colorlib.training import TrainConfig

BATCH, CPU = torch.arange(4), torch.device("cpu")


def load(config, epoch=0, dataset=None):
    return next(load_batches(dataset or Crops(), [BATCH], config, epoch, CPU))


@pytest.mark.parametrize(("load_scale", "side"), [(2, 8), (1.6, 10), (1, 16)])
def test_images_are_shrunk_as_pillow_does(load_scale, side):
    config = TrainConfig(load_scale=load_scale, horizontal_flip=False)
    L, ab = load(config)
    expected = []
    for rgb in Crops.rgb[:4]:
        image = Image.fromarray(to_uint8(rgb).movedim(0, -1).numpy())
        resized = image.resize((side, side), Image.Resampling.BILINEAR)
        expected.append(images.image_to_tensor(resized)[0])
    lab = quantize_lightness(rgb_to_lab(torch.stack(expected)))
    assert (L - config.scaler.normalize(lab)[0]).abs().max() < 0.02  # Pillow rounds to 8 bits
    assert ab.shape == (4, 2, side, side)


def test_crops_change_with_the_epoch():
    config = TrainConfig(min_crop=0.5, horizontal_flip=False)
    first, second = load(config, epoch=1)[0], load(config, epoch=2)[0]
    whole = load(TrainConfig(horizontal_flip=False))[0]
    assert not torch.equal(first, second) and not torch.equal(first, whole)
    assert torch.equal(first, load(config, epoch=1)[0])


def test_data_set_without_getitems_gives_the_same_batch():
    class OneByOne(Dataset):
        def __len__(self):
            return 12

        def __getitem__(self, index):
            return Crops.rgb[index]

    config = TrainConfig()
    assert all(map(torch.equal, load(config, dataset=OneByOne()), load(config)))
