"""A model and photos in, colour photos out: the one way that every caller goes.

:class:`Colorizer` colours one photo, :func:`colorize_folder` many; :func:`output_name` says where the result
of one belongs, and :func:`labelled` what its file says beside the picture.
"""

from colorlib.colorize.colorizer import Colorizer
from colorlib.colorize.label import labelled
from colorlib.colorize.many import Report, colorize_folder
from colorlib.colorize.names import output_name

__all__ = ["Colorizer", "Report", "colorize_folder", "labelled", "output_name"]
