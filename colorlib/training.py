"""Training: a run is a function of its configuration, its data and its seed."""

from colorlib.engine.settings import TrainConfig
from colorlib.engine.trainer import Trainer
from colorlib.engine.two_stage import train_two_stage

__all__ = ["TrainConfig", "Trainer", "train_two_stage"]
