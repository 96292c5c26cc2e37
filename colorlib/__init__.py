"""Grayscale image colorization: the library of the course.

The files of this folder are the taught core. Each is what one lesson builds: ``colorlib.color`` is
lesson 1, ``colorlib.unet`` lesson 2. The packages are the workshop around it. Importing the package
loads nothing else.
"""

__version__ = "0.1.0"
