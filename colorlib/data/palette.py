"""Colour bins that follow the colours of given photos, by k-means."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib.color_bins import ColorBins
from colorlib.tensor_checks import check_at_least, check_images


def find_bins(ab: Float[Tensor, "n 2 h w"], k: int = 32, seed: int = 0) -> ColorBins:
    """Return ``k`` bins with hard targets: the means of the clusters that k-means finds in colours.

    Of four runs of scikit-learn's ``KMeans``, the one with the smallest squared distances counts. A
    few hundred thousand colours take seconds.

    Args:
        ab: (n, 2, h, w), a and b of photos in Lab units.
        k: The number of bins.
        seed: Of the random starts.

    Returns:
        The bins, in the order of their a, then b.

    Raises:
        ValueError: If there are fewer different colours than bins.

    Example:
        >>> ab = torch.tensor([[60.0, 40.0], [62.0, 40.0], [0.0, -50.0]]).T.view(1, 2, 1, 3)
        >>> find_bins(ab, k=2).centers.tolist()
        [[0.0, -50.0], [61.0, 40.0]]
    """
    from sklearn.cluster import KMeans  # it takes a second

    check_images("ab", ab, channels=2)
    check_at_least("k", k, 1)
    colors = ab.float().movedim(1, -1).reshape(-1, 2)
    different = len(colors.unique(dim=0))
    if different < k:
        raise ValueError(f"ab has {different} different colours; expected at least k = {k}")
    means = KMeans(k, n_init=4, random_state=seed).fit(colors.numpy()).cluster_centers_
    return ColorBins(torch.tensor(sorted(means.tolist())), neighbors=1)
