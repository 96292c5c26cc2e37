"""Benchmarks that a reader can repeat: one command for each question, none of them a timed test.

``python -m benchmarks`` runs the short ones and prints today's ratios next to those of the last
release.
"""
