"""What a run computes in: :mod:`colorlib.precision`, which colouring asks as well."""

from colorlib.precision import half, name_of

__all__ = ["half", "name_of"]
