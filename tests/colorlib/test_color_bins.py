"""Colour bins, held against brute-force versions, closed forms, scikit-image and counted draws."""

import dataclasses
import tomllib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist
from skimage.color import rgb2lab

from benchmarks import kmeans_bins as kmeans_bench
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.color_bins import (
    ColorBins,
    bin_loss,
    grid_bins,
    kmeans_bins,
    rebalancing_weights,
)
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.data.palette import find_bins
from colorlib.discriminators import PatchDiscriminator
from colorlib.engine.objective import bin_weights
from colorlib.models.color_unet import ColorUNet
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.zhang_net import ZhangNet
from colorlib.training import TrainConfig, Trainer

SCALER = LabScaler(output_space="bins")
BINS = grid_bins()


def random_ab(*sides, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return rgb_to_lab(torch.rand(sides[0], 3, *sides[1:], generator=generator))[:, 1:]


def random_logits(*shape, seed=0):
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# The grid -----------------------------------------------------------------------------------------
def test_grid_has_the_squares_that_scikit_image_finds():
    levels = np.arange(0, 256, 5) / 255
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 1, 3)
    squares = {tuple(square) for square in np.round(rgb2lab(cube)[:, 0, 1:] / 10).astype(int)}
    found = {tuple(center) for center in (BINS.centers / 10).int().tolist()}
    assert squares <= found
    assert len(found) == 261 and len(found - squares) < 12  # corners that the coarse cube misses


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_srgb_color_is_within_its_square(rgb):
    ab = rgb_to_lab(torch.tensor(rgb, dtype=torch.uint8).view(1, 3, 1, 1))[:, 1:]
    center = BINS.centers[BINS.nearest(ab)[0, 0, 0]]
    assert (center - ab.flatten()).abs().max() <= 5.001


def test_zhangs_313_bins_are_these_and_52_around_their_rim():
    lowest = (50, 20, 0, -20, -30, -40, -50, -50, -60, -70, -80, -80, -90, -100, -100, *[-110] * 4)
    highest = (90, 90, 90, 90, *[100] * 6, *[90] * 4, 80, 80, 80, 70, 70)  # for a from -90 to 90
    rows = zip(range(-90, 91, 10), lowest, highest, strict=True)
    theirs = {(a, b) for a, low, high in rows for b in range(low, high + 1, 10)}
    theirs |= {(100, b) for b in range(-90, 1, 10)}  # pts_in_hull.npy of the authors' code
    ours = {tuple(center) for center in BINS.centers.int().tolist()}
    assert (len(theirs), len(ours)) == (313, 261) and ours < theirs
    rim = torch.tensor(sorted(theirs - ours)).float()
    levels = torch.arange(0, 256, 5) / 255
    rgb = torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, -1, 1)
    ab = rgb_to_lab(rgb)[0, 1:, :, 0].T
    nearest = ab[torch.cdist(rim, ab, p=torch.inf).argmin(dim=1)]
    assert (rim - nearest).abs().amax(dim=1).min() > 5  # outside of its square


# Bins by k-means ----------------------------------------------------------------------------------
def test_found_bins_are_a_minimum_of_k_means_that_scipy_agrees_with():
    """Lloyd's step of SciPy leaves them where they are, and its own solutions are no better."""
    ab = random_ab(2, 30, 40)
    bins = find_bins(ab, 12, seed=1)
    pixels = ab.movedim(1, -1).reshape(-1, 2).numpy()
    centers = bins.centers.numpy()
    moved, labels = kmeans2(pixels, centers, minit="matrix", iter=1)
    assert np.abs(moved - centers).max() < 0.5
    assert np.array_equal(labels, bins.nearest(ab).flatten().numpy())

    def loss(centers):
        return np.square(cdist(pixels, centers).min(axis=1)).mean()

    others = [kmeans2(pixels, 12, minit="++", seed=seed, iter=50)[0] for seed in range(4)]
    assert loss(centers) < 1.02 * min(map(loss, others))


def test_found_bins_are_a_function_of_the_seed_in_a_fixed_order():
    ab = random_ab(1, 30, 40)
    first, again = find_bins(ab, 8, seed=3), find_bins(ab, 8, seed=3)
    assert torch.equal(first.centers, again.centers) and first.neighbors == 1
    assert first.centers[:, 0].tolist() == sorted(first.centers[:, 0].tolist())


def test_stored_bins_are_those_that_the_command_writes():
    stored = tomllib.loads(kmeans_bench.TABLE.read_text("utf-8"))
    assert stored.keys() == {"about", "command", "centers"}
    assert kmeans_bins().centers.tolist() == torch.tensor(stored["centers"]).tolist()
    assert len({tuple(center) for center in stored["centers"]}) == 32
    centers = kmeans_bins().centers
    to_grid = torch.cdist(centers, BINS.centers, p=torch.inf).amin(dim=1)
    assert to_grid.max() <= 5  # all are colours of sRGB
    ab = kmeans_bench.sample_colors("photos", reduced=True)
    table = kmeans_bench.render(find_bins(ab, 5), "five colours")
    assert len(tomllib.loads(table)["centers"]) == 5
    assert kmeans_bench.render(kmeans_bins(), stored["about"]) == kmeans_bench.TABLE.read_text()


def test_hard_targets_are_the_nearest_bin():
    ab = random_ab(2, 6, 8)
    bins, weights = kmeans_bins(), torch.rand(32, generator=torch.Generator().manual_seed(1))
    logits = random_logits(2, 32, 6, 8)
    assert bins.soft_targets(ab).probabilities.eq(1).all()
    each = F.cross_entropy(logits, bins.nearest(ab), reduction="none")
    assert torch.allclose(bin_loss(ab, logits, bins), each.mean(), atol=1e-4)
    weighted = (each * weights[bins.nearest(ab)]).mean()
    assert torch.allclose(bin_loss(ab, logits, bins, weights), weighted, atol=1e-4)


def test_weights_file_restores_the_bins(tmp_path):
    scaler = LabScaler(output_space="kmeans_bins")
    model = Colorizer(ColorUNet(base_channels=2), scaler, image_size=32)
    loaded = Colorizer.load(model.save(tmp_path / "bins32.safetensors"))
    assert loaded.scaler == scaler and loaded.scaler.out_channels == 32
    photo = Image.effect_noise((40, 30), 50).convert("RGB")
    assert loaded(photo).tobytes() == model(photo).tobytes()


def test_logits_of_a_training_batch_are_small():
    """For a batch of 16 images of 256 x 256, by shapes alone."""
    megabytes = {}
    with torch.device("meta"):
        for net in (ZhangNet(313), ZhangNet(261), ColorUNet(32)):
            logits = net(torch.zeros(16, 1, 256, 256))
            megabytes[net.config["num_bins"]] = logits.numel() * logits.element_size() / 1e6
            side = 64 if isinstance(net, ZhangNet) else 256
            assert logits.shape == (16, net.config["num_bins"], side, side)
    assert megabytes == pytest.approx({313: 82.1, 261: 68.4, 32: 134.2}, abs=0.1)
    # Soft targets keep five of 313: 5 probabilities of 4 bytes and 5 indices of 8 for each pixel.
    assert 16 * 64 * 64 * 5 * (4 + 8) / 1e6 < 4


# Targets and loss ---------------------------------------------------------------------------------
def dense_targets(ab, neighbors=5):
    """Compute soft targets pixel by pixel, as (n, k, h, w)."""
    n, _, h, w = ab.shape
    targets, centers = np.zeros((n, len(BINS), h, w)), BINS.centers.numpy().astype(float)
    for i, y, x in np.ndindex(n, h, w):
        squared = ((centers - ab[i, :, y, x].numpy()) ** 2).sum(1)
        nearest = np.argsort(squared)[:neighbors]
        shares = np.exp(-squared[nearest] / (2 * 5**2))
        targets[i, nearest, y, x] = shares / shares.sum()
    return torch.from_numpy(targets).float()


def test_soft_targets_are_those_of_a_brute_force_version():
    ab = random_ab(2, 5, 4)
    targets = BINS.soft_targets(ab)
    dense = torch.zeros(2, len(BINS), 5, 4).scatter(1, targets.bins, targets.probabilities)
    assert torch.allclose(dense, dense_targets(ab), atol=1e-4)
    assert torch.equal(targets.bins[:, 0], BINS.nearest(ab))


def test_loss_is_torchs_cross_entropy_with_dense_targets():
    ab, logits = random_ab(2, 6, 8), random_logits(2, len(BINS), 3, 4)
    small = ab[:, :, 1::2, 1::2]  # of the four in the middle of a square, the last one
    targets = dense_targets(small)
    assert torch.allclose(bin_loss(ab, logits, BINS), F.cross_entropy(logits, targets), atol=1e-4)
    weights = torch.rand(len(BINS), generator=torch.Generator().manual_seed(1))
    each = F.cross_entropy(logits, targets, reduction="none") * weights[BINS.nearest(small)]
    assert torch.allclose(bin_loss(ab, logits, BINS, weights), each.mean(), atol=1e-4)


def test_the_best_logits_are_the_share_of_each_color():
    bins = ColorBins(torch.tensor([[60.0, 40.0], [20.0, -60.0]]))
    red = torch.arange(10) < 7
    ab = torch.where(red[:, None], bins.centers[0], bins.centers[1]).view(10, 2, 1, 1)
    logits = torch.zeros(1, 2, 1, 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = bin_loss(ab, logits.expand(10, -1, -1, -1), bins)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert logits.softmax(1).flatten()[0].item() == pytest.approx(0.7, abs=1e-3)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=9).filter(any), st.floats(0.1, 1.0))
def test_weights_average_to_one_and_favor_rare_bins(counts, uniform):
    counts = torch.tensor(counts).float()
    weights, prior = rebalancing_weights(counts, uniform), counts / counts.sum()
    assert (prior * weights).sum().item() == pytest.approx(1, rel=1e-4)
    expected = 1 / ((1 - uniform) * prior + uniform / len(counts))
    assert torch.allclose(weights / weights[0], expected / expected[0], rtol=1e-4)


# Decoding and samples -----------------------------------------------------------------------------
def test_temperature_goes_from_the_mode_to_the_mean():
    logits = random_logits(2, len(BINS), 3, 5)
    probabilities = logits.softmax(1)
    mean = torch.einsum("nkhw,kc->nchw", probabilities, BINS.centers)
    mode = BINS.centers[logits.argmax(1)].movedim(-1, 1)
    assert torch.allclose(BINS.decode(logits, 1), mean, atol=1e-4)
    assert torch.equal(BINS.decode(logits, 0), mode)
    assert torch.allclose(BINS.decode(logits, 1e-6), mode, atol=0.5)
    annealed = (probabilities.log() / 0.38).exp()
    annealed = annealed / annealed.sum(1, keepdim=True)
    expected = torch.einsum("nkhw,kc->nchw", annealed, BINS.centers)
    assert torch.allclose(BINS.decode(logits, 0.38), expected, atol=1e-3)


@pytest.mark.parametrize("correlation", [0, 12])
def test_samples_have_the_odds_of_the_logits(correlation):
    bins = ColorBins(torch.tensor([[60.0, 40.0], [20.0, -60.0], [0.0, 0.0]]))
    odds = torch.tensor([0.6, 0.3, 0.1])
    logits = odds.log().view(1, 3, 1, 1).expand(60, -1, 32, 32)
    draws = bins.nearest(
        bins.sample(logits, correlation=correlation, generator=torch.Generator().manual_seed(0))
    )
    shares = torch.bincount(draws.flatten(), minlength=3) / draws.numel()
    assert torch.allclose(shares, odds, atol=0.05)
    agreement = (draws[:, :, 1:] == draws[:, :, :-1]).float().mean()
    assert agreement > 0.93 if correlation else agreement < 0.55


def test_sample_is_repeatable_and_two_differ():
    logits = torch.zeros(1, len(BINS), 16, 16)
    first, again, other = (
        BINS.sample(logits, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


# Training and use ---------------------------------------------------------------------------------
def bin_network(base_channels=8):
    return EfficientNetUNet(12, base_channels, SCALER.out_channels).eval()


def bin_config(**fields):
    return TrainConfig(reconstruction="cross_entropy", scaler=SCALER, **fields)


def test_network_has_logits_at_a_quarter_of_any_size():
    net = bin_network()
    for h, w in [(64, 96), (40, 33), (61, 90)]:
        L = torch.rand(1, 1, h, w) * 2 - 1
        with torch.no_grad():
            logits = net(L)
            ab = SCALER.denormalize(L, logits)[:, 1:]
        assert logits.shape == (1, len(BINS), -(-h // 4), -(-w // 4))
        assert ab.shape == (1, 2, h, w)


def test_training_predicts_the_colors_and_the_model_comes_back(tmp_path):
    images = draw_subset(load_dataset("photos", 32, reduced=True).train, 16, seed=0)
    config = bin_config(epochs=10, batch_size=8, lr=3e-3, uniform_share=1.0)
    trainer = Trainer(bin_network(), images, config, net_d=PatchDiscriminator(n_layers=1))
    net = trainer.fit()
    first, last = trainer.history[0], trainer.history[-1]
    assert last["G_rec"] < 0.8 * first["G_rec"] and "D_real" in last
    model = Colorizer(net, SCALER, image_size=32)
    loaded = Colorizer.load(model.save(tmp_path / "bins.safetensors"))
    photo = Image.effect_noise((90, 61), 50).convert("RGB")
    assert loaded(photo).tobytes() == model(photo).tobytes()
    chroma = [
        np.ptp(np.array(dataclasses.replace(model, scaler=scaler)(photo)).astype(int), -1).mean()
        for scaler in (LabScaler(110, "bins", temperature) for temperature in (1.0, 0.2))
    ]
    assert chroma[0] < chroma[1]  # the mean is paler


def test_weights_are_counted_on_the_training_images():
    images = load_dataset("photos", 32, reduced=True).train
    weights = bin_weights(images, bin_config(batch_size=4))
    pixels = torch.stack([images[i] for i in range(len(images))])
    counts = torch.bincount(BINS.nearest(rgb_to_lab(pixels)[:, 1:]).flatten(), minlength=len(BINS))
    assert torch.allclose(weights, rebalancing_weights(counts.float()), rtol=0.05)


# Errors -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ColorBins(torch.zeros(3, 2), 0), "neighbors is 0; expected at least 1"),
        (lambda: find_bins(torch.zeros(1, 2, 4, 4), 2), "1 different colours; expected at least k"),
        (lambda: LabScaler().bins, "output_space is 'ab'; expected 'bins' or 'kmeans_bins'"),
        (lambda: ColorBins(torch.zeros(3)), r"centers has shape \(3,\); expected \(k, 2\)"),
        (lambda: BINS.decode(torch.zeros(1, 2, 4, 4)), r"expected \(n, 261, h, w\)"),
        (lambda: BINS.sample(torch.zeros(1, 261, 4, 4), temperature=0), "expected above 0"),
        (lambda: BINS.nearest(torch.zeros(1, 3, 4, 4)), r"expected \(n, 2, h, w\)"),
        (lambda: rebalancing_weights(torch.ones(3), 0), "expected above 0, at most 1"),
        (lambda: LabScaler(temperature=-1), "temperature is -1; expected at least 0"),
        (lambda: TrainConfig(scaler=SCALER), "'l1' with output_space 'bins'; expected 'cross_ent"),
        (lambda: TrainConfig(reconstruction="cross_entropy"), "with output_space 'ab'; expected"),
    ],
)
def test_bad_argument_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_loss_of_coarse_logits_looks_at_the_middle_of_each_square():
    bins = grid_bins()
    ab = torch.zeros(1, 2, 12, 12)
    ab[:, :, 2::4, 2::4] = 40.0  # of every 4 x 4, the pixel in the middle
    red = torch.full((1, len(bins), 3, 3), -20.0)
    red[:, bins.nearest(torch.full((1, 2, 1, 1), 40.0)).item()] = 20.0
    assert bin_loss(ab, red, bins) < bin_loss(torch.zeros_like(ab), red, bins) / 2
