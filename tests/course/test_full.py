"""The full profile of lessons: real shapes, one step, photos from a server on this machine."""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision import models

from course.tool import notebooks
from course.tool.execute import execute
from tests.course.fake_download_server import serve_archives

ROOT = Path(__file__).parents[2]


def run_full(lesson, monkeypatch, environment, tmp_path, without=(), **parameters):
    """Execute a solution with the full profile; return what each cell printed.

    ``without`` names cells, by the beginning of their id, that do the same in both profiles.
    """
    for name, value in {**environment, "COURSE_EXPECT": "solution"}.items():
        monkeypatch.setenv(name, value)
    nb = notebooks.read(ROOT / f"solutions/{lesson}.ipynb")
    nb.cells = [cell for cell in nb.cells if not cell.id.startswith(tuple(without))]
    notebooks.write(tmp_path / f"{lesson}.ipynb", nb)
    run = execute(tmp_path / f"{lesson}.ipynb", {"PROFILE": "full", **parameters})
    assert not run.problem, run.problem
    return {
        cell.id: "".join(output.get("text", "") for output in cell.get("outputs", []))
        for cell in run.nb.cells
    }


def test_lesson_5_full_takes_a_step_at_the_papers_shapes(tmp_path, monkeypatch):
    with serve_archives(tmp_path, {"coco": 28}) as environment:
        text = run_full(
            "05_training_on_colab_t4",
            monkeypatch,
            environment,
            tmp_path,
            without=("e2-", "s7-"),
            EPOCHS=1,
        )
    last = "28 photos, the last one is called coco_sample/train_sample/000027.jpg"
    assert last in text["s1-album"]
    assert "1 epochs of 256x256, batch 16" in text["start"]
    assert "one batch: (16, 3, 256, 256) torch.uint8" in text["s1-numbers"]
    assert "1 steps an epoch, 1 steps in all" in text["s4-strips"]
    assert "trained: True, 1 epochs" in text["s4-numbers"]


def test_lesson_7_full_takes_a_step_at_the_papers_shapes(tmp_path, monkeypatch):
    """The weights are random, in the files where torchvision's loader keeps its downloads."""
    checkpoints = tmp_path / "torch/hub/checkpoints"
    checkpoints.mkdir(parents=True)
    for name in ("mobilenet_v2", "resnet18"):
        file = models.get_model_weights(name).IMAGENET1K_V1.url.rpartition("/")[2]
        torch.save(models.get_model(name, weights=None).state_dict(), checkpoints / file)
    with serve_archives(tmp_path, {"landscapes": 20}) as environment:
        environment |= {"TORCH_HOME": str(tmp_path / "torch")}
        text = run_full(
            "07_pretrained_encoders",
            monkeypatch,
            environment,
            tmp_path,
            without=("s7-find", "s7-sugg"),
            STEPS=1,
        )
    assert "1 steps of 16 images of 256x256" in text["start"]
    assert "images to learn from" in text["s5-data"]
    assert "trained, frozen" in text["s5-amounts"]
