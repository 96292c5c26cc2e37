"""Generators beyond the taught U-Net, and the registry that builds any generator from its configuration."""
