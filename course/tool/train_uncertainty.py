"""``python -m course train-uncertainty MODEL FOLDER``: teach a model to say where it guesses.

The model itself stays as it is. A network of a thousand numbers sees its last features at random
places of the photos, and learns how far its colours are from the true ones there
(:mod:`colorlib.inference.uncertainty`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool.cli import CourseError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.data import Dataset

    from colorlib.colorizer import Colorizer
    from colorlib.inference.uncertainty import UncertaintyNet

PLACES = 400  # of each photo
STEPS, BATCH_SIZE, LR, WEIGHT_DECAY = 4000, 4096, 2e-3, 0.05


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("model", help="weights that colorlib train wrote, or plain or vivid")
    parser.add_argument(
        "folder", type=Path, help="photos, best those that the model was trained on"
    )
    parser.add_argument("--max-photos", type=int, default=3000, help="so many are drawn")
    parser.add_argument("--seed", type=int, default=0)


def main(args: argparse.Namespace) -> int:
    """Train the network, save it next to the model's weights, and print its loss."""
    import torch

    from colorlib import pretrained
    from colorlib.cli.common import resolve_model
    from colorlib.data.datasets import draw_subset, load_dataset
    from colorlib.inference.uncertainty import UncertaintyNet, save_uncertainty
    from colorlib.models.efficientnet_unet import EfficientNetUNet
    from course.tool.release_weights import write_checksums

    weights, model = resolve_model(args.model)
    if not isinstance(model.net, EfficientNetUNet) or model.net.num_bins:
        raise CourseError(
            f"{weights} holds a {type(model.net).__name__}; expected an EfficientNetUNet that "
            "predicts a and b, such as colorlib train --recipe general makes"
        )
    photos = load_dataset(args.folder, model.image_size, split_ratios=(1.0, 0.0, 0.0)).train
    photos = draw_subset(photos, min(args.max_photos, len(photos)), seed=args.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(args.seed)
        features, distances = collect(model, photos)
        net = UncertaintyNet(model.net)
        loss = fit(net, features, distances)
    file = save_uncertainty(net, weights, overwrite=True)
    if file.parent == pretrained.weights_path(pretrained.DEFAULT).parent:
        write_checksums(file.parent)
    print(f"{file}: loss {loss:.3f} on {len(photos)} photos. Now: python -m benchmarks.uncertainty")
    return 0


def collect(model: Colorizer, photos: Dataset[Tensor]) -> tuple[Tensor, Tensor]:
    """Return features (n, c) and the distance of the model's colours (n,) at random places.

    The colours are those of :meth:`Colorizer.predict_ab_at`, with averaging if the model has it;
    the features are those of the photo itself. Distances are means over two by two pixels.
    """
    import torch
    from tqdm import tqdm

    net, features, distances = model.net.eval(), [], []
    for k in tqdm(range(len(photos)), desc="Photos", unit="photo"):
        L, distance = true_distance(model, photos[k][None])
        with torch.no_grad():
            known = net.forward_features(L).flatten(2)[0]
        places = torch.randperm(known.shape[1])[:PLACES]
        features.append(known[:, places].T)
        distances.append(distance.flatten()[places])
    return torch.cat(features), torch.cat(distances)


def true_distance(model: Colorizer, rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Return L, and the distance of predicted from true colours at half the size, in Lab units."""
    import torch.nn.functional as F

    from colorlib.color import rgb_to_lab

    lab = rgb_to_lab(rgb)
    L = lab[:, :1] / 50 - 1
    ab = model.predict_ab_at(L, model.image_size) * model.scaler.ab_scale
    return L, F.avg_pool2d((ab - lab[:, 1:]).norm(dim=1, keepdim=True), 2)


def fit(net: UncertaintyNet, features: Tensor, distances: Tensor) -> float:
    """Train the two convolutions, and return the loss of the last tenth of the steps."""
    import torch

    from colorlib.inference.uncertainty import uncertainty_loss

    norm, *convolutions = net.head
    norm.running_mean.copy_(features.mean(dim=0))
    norm.running_var.copy_(features.var(dim=0))
    net.head.eval()  # the batch norm keeps the statistics of all places
    weights = [weights for layer in convolutions for weights in layer.parameters()]
    with torch.no_grad():  # it begins with the mean distance, everywhere
        convolutions[-1].weight.zero_()
        convolutions[-1].bias.fill_(distances.mean().log())
    optimizer = torch.optim.AdamW(weights, LR, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    losses = []
    for _ in range(STEPS):
        batch = torch.randint(len(features), (BATCH_SIZE,))
        expected = net.forward_head(features[batch][..., None, None])
        loss = uncertainty_loss(expected.flatten(), distances[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    last = losses[-max(STEPS // 10, 1) :]
    return sum(last) / len(last)
