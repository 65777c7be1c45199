"""Substring search without scanning: the endings of every word, kept in an index.

A text that stands somewhere inside a word stands at the beginning of one of the
word's endings. So one range of an index finds it, on every engine alike.
"""

import re
import unicodedata

WORD = re.compile(r"[^\s!-/:-@\[-`{-~]+")
SHORTEST = 2
PREFIX_CHARACTERS = 12
PREFIX_BYTES = 48
PROBES_AT_MOST = 5
Probe = tuple[bytes, bytes]


def fold(text: str) -> str:
    """Return a text as search compares it: case folded, accents kept, Unicode NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def suffixes_of(*texts: str) -> set[bytes]:
    """Return every ending of every word, of two characters or more, cut to the length of the index."""
    words = {word for text in texts for word in WORD.findall(fold(text))}
    return {_cut(word[start:]) for word in words for start in range(max(1, len(word) - SHORTEST + 1))}


def probes_of(query: str) -> list[Probe]:
    """Return the range of the index in which each word of a query begins, the longest words first.

    A word of one letter has none. The upper end is excluded.
    """
    words = {word for word in WORD.findall(fold(query)) if len(word) >= SHORTEST}
    lowest = [_cut(word) for word in sorted(words, key=len, reverse=True)]
    return [(low, _following(low)) for low in lowest[:PROBES_AT_MOST]]


def is_exact(query: str) -> bool:
    """Tell whether the range of the index alone decides, because the query is one short word."""
    folded = fold(query)
    return WORD.fullmatch(folded) is not None and len(folded) >= SHORTEST and _whole(folded)


def _whole(word: str) -> bool:
    return len(word) <= PREFIX_CHARACTERS and len(word.encode()) <= PREFIX_BYTES


def _cut(word: str) -> bytes:
    return word[:PREFIX_CHARACTERS].encode()[:PREFIX_BYTES]


def _following(lowest: bytes) -> bytes:
    """Return the smallest bytes that come after everything that begins with `lowest`; UTF-8 never holds 0xFF."""
    return lowest[:-1] + bytes([lowest[-1] + 1])
