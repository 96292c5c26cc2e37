"""Grayscale image colorization, small enough to read in an evening.

Each module is the code that one lesson builds: :mod:`colorlib.color` is lesson 1, and so on. Importing
the package loads nothing else; ``import colorlib.color`` loads torch.
"""

__version__ = "0.1.0"
