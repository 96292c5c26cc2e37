"""Reading and writing of photos, weights and checkpoints; every file is written atomically.

Also what the machine offers: disk space and processor cores.
"""
