"""``python -m colorlib`` is the command ``colorlib``."""

import sys

from colorlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
