"""Passwords that many people use, and what is commonly made of them to please a rule.

The list stands in common_passwords.txt, with its source; its licence beside it.
"""

import re
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("common_passwords.txt")
FAMOUS = 2000
"""So many of the list's first are refused in disguise too: with other letters, and with signs before and after."""

# What heads the lists of this country, and what this program's own name suggests.
_HERE = frozenset(
    {"krishna@123", "sairam@123", "india@123", "india@1234", "abcd@1234", "abcd@123", "abc@1234", "zaq!2wsx"}
    | {"!qaz2wsx", "zaq1@wsx", "1qaz@wsx", "1qaz2wsx!", "abc123!@#"}
)
_WORDS_HERE = frozenset(
    {"recordroom", "aadhaar", "aadhar", "krishna", "sairam", "india", "pass", "login", "root", "user", "changeme"}
    | {"winter", "spring", "autumn", "monday", "friday", "admin", "welcome", "password", "guest", "hello", "abcd"}
)
LONGEST_REPEATED = 4
_ROWS = ("0123456789" * 13, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1234567890qwertyuiop")
_DISGUISES = str.maketrans("@430!1$57", "aaeoiisst")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_BETWEEN = re.compile(r"[\W_]+")


def is_common(password: str) -> bool:
    """Tell whether many people have this password, or one of which it is a thin disguise."""
    folded = password.casefold()
    if folded in _all() or folded in _HERE or _is_pattern(folded):
        return True
    cores = {_core(folded), _core(_EDGES.sub("", folded).translate(_DISGUISES)), _core(folded.translate(_DISGUISES))}
    return not cores.isdisjoint(_famous())


def _is_pattern(text: str) -> bool:
    """Tell whether a text is a few characters over and over, or a run along the keyboard or the alphabet."""
    period = (text + text).find(text, 1)
    return period <= LONGEST_REPEATED or any(text in row or text[::-1] in row for row in _ROWS)


def _core(text: str) -> str:
    return _BETWEEN.sub("", _EDGES.sub("", text))


@cache
def _all() -> frozenset[str]:
    return frozenset(_listed())


@cache
def _famous() -> frozenset[str]:
    return frozenset(word for word in _listed()[:FAMOUS] if word.isalpha()) | _WORDS_HERE


@cache
def _listed() -> tuple[str, ...]:
    _notice, _, words = _LIST.read_text("utf-8").partition("\n\n")
    return tuple(words.split())
