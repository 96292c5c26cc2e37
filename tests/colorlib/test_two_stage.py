"""Training in two stages, the models that it saves, and how it is monitored."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from colorlib.colorizer import Colorizer
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import DataSplits, TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.engine.two_stage import train_two_stage
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.generator import init_weights
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet
from colorlib.viz import TrainingMonitor, load_progress_images, plot_losses, plot_progress

CROPS = sample_photo_crops(20, 16).mul(255).round().to(torch.uint8)
SPLITS = DataSplits(*map(TensorImages, CROPS.split([12, 4, 4])), "crops")
PIXEL = TrainConfig(epochs=3, batch_size=4, lr=5e-3, ema_decay=0.5)
GAN = TrainConfig(epochs=2, batch_size=4, lr=1e-3)


def train(folder, adversarial=GAN, pixel=PIXEL, **options):
    net_g = init_weights(UNet(num_downs=3, base_channels=4), seed=0)
    net_d = init_weights(PatchDiscriminator(n_layers=1, base_channels=4), seed=1)
    return train_two_stage(
        net_g,
        SPLITS,
        folder,
        pixel,
        image_size=16,
        net_d=net_d if adversarial else None,
        adversarial=adversarial,
        **options,
    )


def psnr_of(path):
    metrics = {"psnr": psnr_metric("rgb", peak=1)}
    model = ResizedModel(Colorizer.load(path))
    return evaluate(model, SPLITS.validation, metrics=metrics).compute()["psnr"]


def scores(trained, stage):
    return [row["val_psnr"] for row in trained.history[stage]]


def test_pixel_model_is_its_best_epoch_and_the_other_its_last(tmp_path):
    trained = train(tmp_path)
    assert trained.done and set(trained.models) == {"pixel", "adversarial"}
    assert Colorizer.load(trained.models["pixel"]).image_size == 16
    best, last = max(scores(trained, "1-pixel")), scores(trained, "2-adversarial")[-1]
    assert psnr_of(trained.models["pixel"]) == pytest.approx(best)
    assert psnr_of(trained.models["adversarial"]) == pytest.approx(last)


def test_plots_have_a_panel_per_kind_of_loss_and_a_row_per_image(tmp_path):
    figure = plot_losses(train(tmp_path).history["2-adversarial"], gray=20.0)
    labels = [[line.get_label() for line in axes.lines] for axes in figure.axes]
    assert labels[0] == ["G_rec"] and labels[1][:3] == ["D_real", "D_fake", "G_GAN"]
    assert "log 2" in labels[1][3] and labels[2][0] == "val_psnr" and "gray" in labels[2][1]
    assert "D_fake goes from" in figure.alt
    figure = plot_progress({"gray": [CROPS[:1] / 255] * 3, "truth": [CROPS[1:2] / 255] * 3})
    assert len(figure.axes) == 6 and "3 photos, each in a row: gray, truth." in figure.alt


def test_larger_images_are_scored_at_their_own_size(tmp_path):
    net = init_weights(UNet(num_downs=2, base_channels=4), seed=0)
    config = dataclasses.replace(PIXEL, load_scale=2, min_crop=0.5)
    trained = train_two_stage(net, SPLITS, tmp_path, config, image_size=8)
    assert Colorizer.load(trained.models["pixel"]).image_size == 8
    best = max(scores(trained, "1-pixel"))
    assert psnr_of(trained.models["pixel"]) == pytest.approx(best)


def test_best_epoch_is_kept_when_later_ones_are_worse(tmp_path, monkeypatch):
    fake_scores, saved, save = iter([1.0, 3.0, 2.0]), [], Colorizer.save

    class Scored:
        def compute(self):
            return {"psnr": next(fake_scores)}

    monkeypatch.setattr("colorlib.engine.two_stage.evaluate", lambda *args: Scored())
    count_save = lambda self, *a, **k: (saved.append(1), save(self, *a, **k))[1]  # noqa: E731
    monkeypatch.setattr(Colorizer, "save", count_save)
    train(tmp_path, adversarial=None)
    assert len(saved) == 2


@pytest.mark.parametrize("minutes", [-1, float("nan")])
def test_wrong_time_is_refused_before_anything_is_written(minutes, tmp_path):
    with pytest.raises(ValueError, match="max_minutes is"):
        train(tmp_path / "run", max_minutes=minutes)
    assert not (tmp_path / "run").exists()


def test_stopped_anywhere_it_ends_with_the_same_models(tmp_path, monkeypatch):
    whole = train(tmp_path / "whole")
    for _ in range(2):
        assert not train(tmp_path / "parts", max_minutes=0).done
    fit = Trainer.fit
    for stop in (2, 5, 8, 10):  # steps after which the process is gone
        with monkeypatch.context() as patch:
            patch.setattr(
                Trainer,
                "fit",
                lambda self, stop=stop, **options: fit(self, **{**options, "max_steps": stop}),
            )
            train(tmp_path / "parts")
    parts = train(tmp_path / "parts")
    assert parts.done and parts.history == whole.history
    for name, path in whole.models.items():
        assert path.read_bytes() == parts.models[name].read_bytes()


def test_longer_pixel_stage_never_keeps_the_old_adversarial_model(tmp_path):
    longer = dataclasses.replace(PIXEL, epochs=5)
    whole = train(tmp_path / "whole", pixel=longer)
    first = train(tmp_path / "parts")
    message = "began after 3 epochs of the pixel stage, now 5: ask for as many, use another folder"
    before = first.models["adversarial"].read_bytes()
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "parts", pixel=longer)
    assert first.models["adversarial"].read_bytes() == before  # nothing was trained
    shutil.rmtree(tmp_path / "parts/2-adversarial")  # as the message says
    stopped = train(tmp_path / "parts", pixel=longer, max_minutes=0)
    assert not stopped.done and set(stopped.models) == {"pixel"}
    parts = train(tmp_path / "parts", pixel=longer)
    assert parts.done and parts.history == whole.history
    for name, path in whole.models.items():
        assert path.read_bytes() == parts.models[name].read_bytes()


def test_fewer_epochs_and_a_longer_adversarial_stage_go_on(tmp_path):
    train(tmp_path)
    assert train(tmp_path, pixel=dataclasses.replace(PIXEL, epochs=2)).done
    longer = train(tmp_path, adversarial=dataclasses.replace(GAN, epochs=3))
    assert longer.done and len(longer.history["2-adversarial"]) == 3


def test_adversarial_stage_needs_a_discriminator():
    net_g = UNet(num_downs=3, base_channels=4)
    with pytest.raises(ValueError, match="expected both net_d and adversarial, or neither"):
        train_two_stage(net_g, SPLITS, "x", PIXEL, image_size=16, adversarial=GAN)
    with pytest.raises(ValueError, match="there is no stage"):
        train_two_stage(net_g, SPLITS, "x", None, image_size=16)


def monitor(folder, *, live=False):
    images = SPLITS.validation.__getitems__([0, 1])
    return TrainingMonitor(images, folder, live=live, gray=20.0)


def test_monitor_saves_curves_and_images_and_changes_nothing(tmp_path):
    monitored, plain = train(tmp_path / "monitored", monitor=monitor), train(tmp_path / "plain")
    assert monitored.history == plain.history
    for name, path in plain.models.items():
        assert path.read_bytes() == monitored.models[name].read_bytes()
    folder = tmp_path / "monitored/1-pixel"
    progress = load_progress_images(folder)
    assert list(progress) == ["gray", "epoch 1", "epoch 2", "epoch 3", "truth"]
    assert all([image.size for image in column] == [(16, 16)] * 2 for column in progress.values())
    truth = torch.from_numpy(np.array(progress["truth"][1])).permute(2, 0, 1)
    assert torch.equal(truth, CROPS[13])
    assert list(load_progress_images(folder, epochs=[2])) == ["gray", "epoch 2", "truth"]
    assert (folder / "progress.png").stat().st_size > 1000 and (folder / "history.json").is_file()
    with pytest.raises(FileNotFoundError, match="holds no strips"):
        load_progress_images(tmp_path)


def test_monitor_saves_after_the_chosen_epochs_only(tmp_path):
    images = SPLITS.validation.__getitems__([0])
    train(
        tmp_path,
        adversarial=None,
        monitor=lambda folder: TrainingMonitor(images, folder, live=False, epochs=[2]),
    )
    assert list(load_progress_images(tmp_path / "1-pixel")) == ["gray", "epoch 2", "truth"]


def test_monitor_updates_its_figures_in_a_notebook(tmp_path, monkeypatch):
    calls = []

    class Handle:
        def display(self, data, *, metadata, raw):
            calls.append("display")

        def update(self, data, *, metadata, raw):
            assert metadata[next(iter(metadata))]["alt"]
            calls.append("update")

    monkeypatch.setattr("IPython.display.DisplayHandle", Handle)
    train(tmp_path, adversarial=None, monitor=lambda folder: monitor(folder, live=True))
    assert calls == ["display"] * 2 + ["update"] * 4
