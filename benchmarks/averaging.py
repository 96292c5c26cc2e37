"""Test-time augmentation: what each way to average predictions gains, and what it costs.

Run it with ``python -m benchmarks.averaging NAME=FOLDER ... --model plain --store averaging``, on
photos that were not trained on and that are not those of the final numbers. A view is the photo or
its mirror image, at a share of the size at which the model sees it; the predictions of all views
are averaged. The cost is the number of pixels that the network sees, where the photo itself is 1.
``--store NAME`` writes the table into course/results/.
"""

from __future__ import annotations

import argparse
import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.shipped import SIZE, count_photos, load_photos, named_path, score
from colorlib import pretrained
from colorlib.colorizer import Colorizer, resize, resize_for_network, run_network
from colorlib.evaluation.evaluate import ResizedModel
from course.tool import stored_results

#: The views of each way: a share of the model's size, and whether it is the mirror image.
WAYS = {
    "the photo alone": [(1.0, False)],
    "the photo and its mirror image": [(1.0, False), (1.0, True)],
    "the photo at two sizes": [(1.0, False), (0.75, False)],
    "the photo, and its mirror image at 3/4": [(1.0, False), (0.75, True)],
    "both at both sizes": [(1.0, False), (1.0, True), (0.75, False), (0.75, True)],
}
PROTOCOL = (
    "The model {name}. {counts}, drawn once by seed 0 from photos that were not trained on, each a "
    "square of 256 pixels from its middle. RGB PSNR with peak 1 and CIEDE2000, means over images. "
    "Cost: the pixels that the network sees."
)


class AveragingModel(ResizedModel):
    """The mean of a colorizer's predictions for several views of each image."""

    def __init__(self, model: Colorizer, views: list[tuple[float, bool]]) -> None:
        super().__init__(dataclasses.replace(model, tta=False))
        self.views = views

    def forward(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 2 h w"]:
        """Return the mean of a and b, resized in the steps of :meth:`Colorizer.predict_ab_at`."""
        small = resize_for_network(L, self.model.image_size)
        total = torch.zeros(len(L), 2, *small.shape[-2:])
        for share, is_mirrored in self.views:
            view = small.flip(-1) if is_mirrored else small
            sides = [round(share * side) for side in small.shape[-2:]]
            ab = resize(run_network(self.net, resize(view, sides)), small.shape[-2:])
            total += ab.flip(-1) if is_mirrored else ab
        return resize(total / len(self.views), L.shape[-2:])


def cost(views: list[tuple[float, bool]]) -> float:
    """Return how many pixels the network sees, where the photo itself is 1."""
    return sum(share**2 for share, _ in views)


def main(options: argparse.Namespace) -> None:
    """Print, and store if asked, the scores of each way on every folder."""
    model = pretrained.load(options.model)
    photos = {place: load_photos(path, SIZE, options.max_photos) for place, path in options.folders}
    gray = {place: score(None, images)["RGB PSNR, dB"] for place, images in photos.items()}
    rows = []
    for name, views in WAYS.items():
        values = {"cost": cost(views)}
        for place, images in photos.items():
            scores = score(AveragingModel(model, views), images)
            values[f"{place}: above gray, dB"] = scores["RGB PSNR, dB"] - gray[place]
            values[f"{place}: CIEDE2000"] = scores["CIEDE2000"]
        rows.append({"name": name, "values": values})
        print(name, {key: round(value, 2) for key, value in values.items()}, flush=True)
    if options.store:
        stored_results.write(
            options.store,
            title="What averaging predictions gains, and what it costs",
            command="python -m benchmarks.averaging NAME=FOLDER",
            protocol=PROTOCOL.format(name=options.model, counts=count_photos(photos)),
            seeds=[0],
            columns=list(rows[0]["values"]),
            rows=rows,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=named_path, metavar="NAME=FOLDER")
    parser.add_argument("--model", choices=pretrained.NAMES, default="plain")
    parser.add_argument("--max-photos", type=int, default=200)
    parser.add_argument("--store", metavar="NAME", help="the name of the table, without .json")
    main(parser.parse_args())
