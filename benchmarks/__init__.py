"""Measurements that a reader can repeat: one command for each question, none of them a timed test.

``python -m benchmarks`` runs the short ones and shows today's ratios beside those of the last release.
"""
