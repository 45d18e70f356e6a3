"""Texts as words, as the written file splits them."""

import re
from collections.abc import Iterable

MOST_STEPS = 200  # words of a text that are read


def split_words(text: str | None) -> list[str]:
    """
    >>> split_words("It's HERE, twice.")
    ["it's", 'here', 'twice']
    """
    return re.findall(r"[\w']+", str(text or "").lower())


def longest(texts: Iterable[str | None]) -> int:
    """Words of the longest text, as far as they are read."""
    return min(MOST_STEPS, max(1, *(len(split_words(text)) for text in texts)))
