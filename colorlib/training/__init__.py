"""Training: a run is a function of its settings, its data and its seed.

Everything random (the order of an epoch, flips, dropout) is drawn from (seed, epoch, step), so a run that was
killed and resumed ends with the same weights, bit for bit, as one that was not: in one CPU process with a
fixed number of threads.
"""

from colorlib.training.settings import Settings
from colorlib.training.stages import train_in_stages
from colorlib.training.trainer import Trainer

__all__ = ["Settings", "Trainer", "train_in_stages"]
