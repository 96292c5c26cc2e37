"""What makes the notebooks a course: texts, the table of lessons, the tool behind ``python -m course``."""
