"""Fixtures of the tests of the library."""

import os

import pytest

from colorlib.io import files


@pytest.fixture
def open_elsewhere(monkeypatch):
    """Refuse what Windows refuses while another program has a file open, as often as a test says.

    The test sets how often ``"replace"``, ``"unlink"`` or ``"truncate"`` is refused.
    """
    refusals = {"replace": 0, "unlink": 0, "truncate": 0}

    def refuse(name, function):
        def call(*args, **options):
            refusals[name] -= 1
            if refusals[name] >= 0:
                raise PermissionError(13, "The process cannot access the file", str(args[0]))
            return function(*args, **options)

        return call

    monkeypatch.setattr(os, "replace", refuse("replace", os.replace))
    monkeypatch.setattr(os, "truncate", refuse("truncate", os.truncate))
    monkeypatch.setattr(files.Path, "unlink", refuse("unlink", files.Path.unlink))
    monkeypatch.setattr(files, "_IS_WINDOWS", True)
    monkeypatch.setattr(files, "_PAUSES_ON_WINDOWS", (0, 0, 0))
    return refusals
