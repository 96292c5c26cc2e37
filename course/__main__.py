"""``python -m course``: build, check and run the notebooks."""

import sys

from course.tool.cli import main

sys.exit(main())
