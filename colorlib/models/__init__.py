"""Generators beyond the taught U-Net, and ``create_generator``, which returns any by name."""


def __getattr__(name: str):
    if name == "create_generator":  # on demand: the registry imports everything
        from colorlib.models.registry import create_generator

        return create_generator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
