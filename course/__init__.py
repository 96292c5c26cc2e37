"""The course around the notebooks: texts, the table of lessons, and ``python -m course``."""
