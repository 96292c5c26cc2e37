"""Two stages, each resumable, with the models that they leave; and the watching of them."""

import dataclasses

import numpy as np
import pytest
import torch

from colorlib.colorizer import Colorizer
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import DataSplits, TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.training import TrainConfig
from colorlib.engine.two_stage import train_two_stage
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.generator import init_weights
from colorlib.unet import UNet
from colorlib.viz import TrainingMonitor, load_progress_images, plot_losses, plot_progress

CROPS = sample_photo_crops(20, 16).mul(255).round().to(torch.uint8)
SETS = DataSplits(
    TensorImages(CROPS[:12]), TensorImages(CROPS[12:16]), TensorImages(CROPS[16:]), "crops"
)
PIXEL = TrainConfig(epochs=3, batch_size=4, lr=5e-3, ema_decay=0.5)
GAN = TrainConfig(epochs=2, batch_size=4, lr=1e-3)


def run(folder, critic=True, pixel=PIXEL, **how):
    net_g = init_weights(UNet(num_downs=3, base_channels=4), seed=0)
    net_d = (
        init_weights(PatchDiscriminator(n_layers=1, base_channels=4), seed=1) if critic else None
    )
    return train_two_stage(
        net_g, SETS, folder, pixel, size=16, net_d=net_d, adversarial=GAN if critic else None, **how
    )


def test_the_plain_model_is_the_best_epoch_and_the_adversarial_one_starts_from_it(tmp_path):
    outcome = run(tmp_path)
    assert outcome.done and set(outcome.models) == {"plain", "adversarial"}
    scores = [row["val_psnr"] for row in outcome.history["1-pixel"]]
    metric = {"psnr": psnr_metric("rgb", peak=1)}
    plain = Colorizer.load(outcome.models["plain"])
    assert evaluate(ResizedModel(plain), SETS.validation, metrics=metric).compute()[
        "psnr"
    ] == pytest.approx(max(scores))
    assert plain.size == 16
    other = Colorizer.load(outcome.models["adversarial"])
    last = outcome.history["2-adversarial"][-1]["val_psnr"]
    assert evaluate(ResizedModel(other), SETS.validation, metrics=metric).compute()[
        "psnr"
    ] == pytest.approx(last)


def test_larger_pictures_are_seen_at_the_networks_size_and_scored_at_their_own(tmp_path):
    net = init_weights(UNet(num_downs=2, base_channels=4), seed=0)
    outcome = train_two_stage(
        net, SETS, tmp_path, dataclasses.replace(PIXEL, load_scale=2, min_crop=0.5), size=8
    )
    plain = Colorizer.load(outcome.models["plain"])
    assert plain.size == 8
    found = evaluate(
        ResizedModel(plain), SETS.validation, metrics={"psnr": psnr_metric("rgb", peak=1)}
    ).compute()
    assert found["psnr"] == pytest.approx(
        max(row["val_psnr"] for row in outcome.history["1-pixel"])
    )


def test_the_best_epoch_is_kept_when_later_ones_are_worse(tmp_path, monkeypatch):
    fake_scores = iter([1.0, 3.0, 2.0])

    class Scored:
        def result(self):
            return {"psnr": next(fake_scores)}

    monkeypatch.setattr("colorlib.engine.two_stage.evaluate", lambda *args: Scored())
    kept = []
    save = Colorizer.save
    monkeypatch.setattr(
        Colorizer, "save", lambda self, *a, **k: (kept.append(1), save(self, *a, **k))[1]
    )
    run(tmp_path, critic=False)
    assert len(kept) == 2


def test_stopped_anywhere_it_ends_with_the_same_models(tmp_path):
    whole = run(tmp_path / "whole")
    for _ in range(2):
        assert not run(tmp_path / "parts", minutes=0).done
    from colorlib.training import Trainer

    fit, calls = Trainer.fit, [2, 5, 8, 10]
    for stop in calls:  # steps after which the process is gone
        Trainer.fit = lambda self, stop=stop, **how: fit(self, **(how | {"max_steps": stop}))
        try:
            run(tmp_path / "parts")
        finally:
            Trainer.fit = fit
    parts = run(tmp_path / "parts")
    assert parts.done and parts.history == whole.history
    for name in ("plain", "adversarial"):
        one, two = (
            Colorizer.load(outcome.models[name]).net.state_dict() for outcome in (whole, parts)
        )
        assert all(torch.equal(one[key], two[key]) for key in one)


def test_a_critic_needs_settings():
    with pytest.raises(ValueError, match="expected both net_d and adversarial, or none"):
        train_two_stage(
            UNet(num_downs=3, base_channels=4), SETS, "x", PIXEL, size=16, adversarial=GAN
        )


def test_watching_leaves_curves_and_strips_and_changes_nothing(tmp_path):
    seen, plain = (
        run(tmp_path / name, look=look)
        for name, look in (
            (
                "seen",
                lambda folder: TrainingMonitor(
                    SETS.validation.__getitems__([0, 1]), folder, live=False, gray=20.0
                ),
            ),
            ("plain", None),
        )
    )
    assert seen.history == plain.history
    assert seen.models["plain"].read_bytes() == plain.models["plain"].read_bytes()
    folder = tmp_path / "seen/1-pixel"
    found = load_progress_images(folder)
    assert list(found) == ["gray", "epoch 1", "epoch 2", "epoch 3", "truth"]
    assert all(len(pictures) == 2 and pictures[0].size == (16, 16) for pictures in found.values())
    truth = torch.from_numpy(np.array(found["truth"][1])).permute(2, 0, 1)
    assert torch.equal(truth, CROPS[13])
    assert list(load_progress_images(folder, epochs=[2])) == ["gray", "epoch 2", "truth"]
    assert (folder / "progress.png").stat().st_size > 1000 and (folder / "history.json").is_file()
    with pytest.raises(FileNotFoundError, match="holds no strips"):
        load_progress_images(tmp_path)


def test_a_watched_run_redraws_in_a_notebook(tmp_path, monkeypatch):
    shown = []

    class Handle:
        def display(self, data, *, metadata, raw):
            shown.append("new")

        def update(self, data, *, metadata, raw):
            assert metadata[next(iter(metadata))]["alt"]
            shown.append("again")

    monkeypatch.setattr("IPython.display.DisplayHandle", Handle)
    run(
        tmp_path,
        critic=False,
        look=lambda folder: TrainingMonitor(SETS.validation.__getitems__([0]), folder, live=True),
    )
    assert shown == ["new", "new"] + ["again"] * 4


def test_curves_have_a_panel_for_each_kind_and_the_lines_to_read_them_by(tmp_path):
    history = run(tmp_path).history["2-adversarial"]
    figure = plot_losses(history, gray=20.0)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["reconstruction loss", "adversarial losses", "validation PSNR, dB"]
    labels = [text.get_text() for axes in figure.axes[1:] for text in axes.get_legend().get_texts()]
    assert labels == [
        "D_real",
        "D_fake",
        "G_GAN",
        "log 2: not knowing",
        "val_psnr",
        "gray: a = b = 0",
    ]
    assert "Curves over 2 epochs" in figure.alt and "D_fake goes from" in figure.alt
    with pytest.raises(ValueError, match="history is empty"):
        plot_losses([])


def test_strips_have_a_row_for_each_picture():
    figure = plot_progress({"gray": [CROPS[:1] / 255] * 3, "truth": [CROPS[1:2] / 255] * 3})
    assert len(figure.axes) == 6 and figure.alt == "3 pictures, each in a row: gray, truth."
