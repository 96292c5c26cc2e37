"""What the training loop hangs on: distribution, precision, optimizers, schedules, checkpoints, diagnostics."""
