"""The second net under the log: what looks like a person's number, address or secret is taken out of any text.

The first net is that nobody logs such a value: `core/logging.py` offers `pii()` for the digest to log in its place.
Nets have holes; this one knows shapes only.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

MAX_TEXT = 2000
MAX_ITEMS = 100
HIDDEN = "[hidden]"

_SECRET_NAMES = frozenset(
    {
        "password",
        "new_password",
        "current_password",
        "password_confirmation",
        "token",
        "access_token",
        "refresh_token",
        "secret",
        "authorization",
        "cookie",
        "set_cookie",
        "csrf_token",
        "aadhaar",
        "pan",
        "email",
        "primary_mobile",
        "secondary_mobile",
        "mobile",
        "phone",
        "name",
        "full_name",
        "date_of_birth",
        "place_of_birth",
        "current_address",
        "permanent_address",
    }
)
_START, _END = r"(?<![0-9A-Za-z-])", r"(?![0-9A-Za-z-])"
_SHAPES = {
    "token": r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",
    "key": r"\brr_[\w-]{8,}",
    "credential": r"\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)\s+[\w.~+/=-]+",
    "query": r"\?[^\s'\"]*=[^\s'\"]*",
    "email": r"[^\s@<>\"'(),:;\[\]\\]{1,64}@[^\s@<>\"'(),:;\[\]\\]{1,255}",
    "aadhaar": rf"{_START}[0-9]{{4}}[ -]?[0-9]{{4}}[ -]?[0-9]{{4}}{_END}",
    "mobile": rf"{_START}(?:\+?91[ -]?|0)?[6-9][0-9]{{4}}[ -]?[0-9]{{5}}{_END}",
    "pan": rf"{_START}[A-Za-z]{{5}}[0-9]{{4}}[A-Za-z]{_END}",
}
_ANY_SHAPE = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in _SHAPES.items()), re.ASCII)
# Nothing has one of the shapes without one of these; most texts have none of them and are done with here.
_HINT = re.compile(r"@|\?|[0-9]{4}|eyJ|rr_|earer|asic|EARER|ASIC", re.ASCII)


def redact(text: str) -> str:
    """Take what has the shape of personal data or of a credential out of a text, and cut it to a line's length."""
    short = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return _ANY_SHAPE.sub(_name_of_shape, short) if _HINT.search(short) else short


def _name_of_shape(found: re.Match[str]) -> str:
    return f"[{found.lastgroup}]"


def redact_all(value: Any) -> Any:
    """Redact every text inside a value; a member with the name of a secret or of a person's field loses its value."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        members = list(value.items())[:MAX_ITEMS]
        return {redact(str(name)): _member(str(name), inner) for name, inner in members}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact_all(inner) for inner in list(value)[:MAX_ITEMS]]
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    return f"<{type(value).__name__}>"


def _member(name: str, value: Any) -> Any:
    if name.lower().replace("-", "_") not in _SECRET_NAMES:
        return redact_all(value)
    is_digest = isinstance(value, str) and value.startswith("h:")
    return value if value is None or is_digest else HIDDEN
