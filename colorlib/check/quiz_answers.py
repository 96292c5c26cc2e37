"""The answers to the quizzes, read from ``quiz_answers.json``, which ``course build`` writes.

They are encoded, so that nobody reads an answer by accident. This hides them and does not protect
them: :func:`decode` is all that it takes to read them.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib import resources


@cache
def quiz_answers() -> dict[str, dict[str, str]]:
    """Return each answer by the number of its question, for example ``"1.3"``.

    An answer holds the ``right`` letter, and a sentence for each letter; it is empty where an
    instructor withholds it.
    """
    text = resources.files(__package__).joinpath("quiz_answers.json").read_text("utf-8")
    return {number: decode(code) for number, code in json.loads(text).items()}


def decode(code: str) -> dict[str, str]:
    """Return the answer that a text of the file hides."""
    return json.loads(base64.b64decode(code) or "{}")
