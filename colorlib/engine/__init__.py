"""Machinery of training: callbacks, checkpoints, distribution, precision, schedules."""
