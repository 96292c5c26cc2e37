"""What makes the notebooks a course: the texts, the table of lessons, and the tool behind ``python -m course``."""
