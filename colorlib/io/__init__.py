"""Reading and writing of photos, weights and checkpoints; every file is written atomically."""
