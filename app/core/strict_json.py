"""Reading JSON that comes from outside: one meaning or none (RFC 8259, RFC 7493).

What different parsers would read differently is refused: names given twice, numbers outside the range of a double,
NaN and Infinity, a byte order mark, and nesting deep enough to exhaust a stack.
"""

import json
import math
import re
from typing import Any

from app.core.errors import MalformedRequest

MAX_DEPTH = 64
MAX_DIGITS = 308
"""The digits of the largest double; a longer whole number has no meaning that two programs share."""

# A string, taken whole even when it never ends (possessive: no second try, so linear time), or one bracket.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def parse(raw: bytes) -> dict[str, Any]:
    """Read one JSON object. Raises MalformedRequest with words for the caller, never with the caller's text."""
    text = _decode(raw)
    _refuse_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as broken:
        place = f"line {broken.lineno}, column {broken.colno}"
        raise MalformedRequest(f"The body is not JSON: it breaks at {place}.") from None
    if not isinstance(value, dict):
        raise MalformedRequest("The body has to be one JSON object, in braces.")
    return value


def canonical(value: Any) -> bytes:
    """Write a parsed value so that equal JSON gives equal bytes: order of names, blanks and 1.0 for 1 do not count."""
    return json.dumps(_plain_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _decode(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedRequest("The body begins with a byte order mark. Send UTF-8 without it.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise MalformedRequest(f"The body is not UTF-8: it breaks at byte {broken.start + 1}.") from None


def _refuse_depth(text: str) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
        elif first != '"':
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedRequest("An object in the body gives the same name twice.")
    if not all(map(_is_text, found)):
        raise MalformedRequest("A name in the body holds half of a surrogate pair.")
    return found


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MalformedRequest("A number in the body is too large.")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedRequest("A number in the body is too large.")
    return number


def _constant(_name: str) -> None:
    raise MalformedRequest("The body is not JSON: NaN and Infinity are no JSON numbers.")


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant, strict=True
)
