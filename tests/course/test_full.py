"""The full profile of lessons: real shapes, one step, photos from a server on this machine."""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision import models

from course.tool.execute import execute
from tests.course.served import served

ROOT = Path(__file__).parents[2]


def text(run, cell_id):
    """What a cell of an executed notebook printed."""
    (cell,) = (cell for cell in run.nb.cells if cell.id == cell_id)
    return "".join(output.get("text", "") for output in cell.outputs)


def test_lesson_5_downloads_prepares_and_takes_a_step_at_the_papers_shapes(tmp_path, monkeypatch):
    with served(tmp_path, {"coco": 28}) as environment:
        for name, value in {**environment, "COURSE_EXPECT": "solution"}.items():
            monkeypatch.setenv(name, value)
        parameters = {"PROFILE": "full", "EPOCHS": 1}
        run = execute(ROOT / "solutions/05_training_on_colab_t4.ipynb", parameters)
    assert not run.problem, run.problem
    assert "1 epochs of 256x256, batch 16" in text(run, "start")
    assert "28 photos, the last one is called coco_sample/train_sample/000027.jpg" in text(
        run, "s1-album"
    )
    assert "one batch: (16, 3, 256, 256) torch.uint8" in text(run, "s1-numbers")
    assert "1 steps an epoch, 1 steps in all" in text(run, "s4-strips")
    assert "trained: True, 1 epochs" in text(run, "s4-numbers")


def test_lesson_7_takes_imagenets_weights_and_a_step_at_the_papers_shapes(tmp_path, monkeypatch):
    """The weights are random ones in the files where torchvision's loader keeps what it has fetched."""
    checkpoints = tmp_path / "torch/hub/checkpoints"
    checkpoints.mkdir(parents=True)
    for name in ("mobilenet_v2", "resnet18"):
        file = models.get_model_weights(name).IMAGENET1K_V1.url.rpartition("/")[2]
        torch.save(models.get_model(name, weights=None).state_dict(), checkpoints / file)
    with served(tmp_path, {"landscapes": 20}) as environment:
        environment |= {"COURSE_EXPECT": "solution", "TORCH_HOME": str(tmp_path / "torch")}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        run = execute(
            ROOT / "solutions/07_pretrained_encoders.ipynb", {"PROFILE": "full", "STEPS": 1}
        )
    assert not run.problem, run.problem
    assert "1 steps of 16 pictures of 256x256" in text(run, "start")
    assert "pictures to learn from" in text(run, "s5-data")
    assert "trained, frozen" in text(run, "s5-amounts")
