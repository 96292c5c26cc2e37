"""Photos, weights and checkpoints in and out: any photo is read, every file is written whole or not at all."""
