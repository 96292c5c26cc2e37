"""The code of ``python -m course``; a file for each command and each idea."""

from course.tool import light as light
