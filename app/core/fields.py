"""From pydantic's findings to our field errors: one for each field, in our codes and words, never with the value."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.core.errors import FieldError
from app.core.rules import trimmed

MAX_ERRORS = 100

_LENGTH = {"too_short": "TOO_SHORT", "too_long": "TOO_LONG"}
_WORDS = {
    "bool": "Must be true or false",
    "int": "Must be a whole number",
    "float": "Must be a number",
    "string_type": "Must be text",
    "string_unicode": "Holds characters that are no text",
    "list": "Must be a list",
    "dict": "Must be an object",
    "model": "Must be an object",
    "mapping": "Must be an object",
    "literal": "Choose one of the values this field takes",
    "enum": "Choose one of the values this field takes",
    "date": "Must be a date like 1990-12-31",
    "datetime": "Must be a time like 2026-11-20T09:30:00Z",
    "uuid": "Must be an id of 36 characters",
    "less": "Is too large",
    "greater": "Is too small",
}
# What a name that the caller made up may show of itself: letters and signs of a field name, and no run of digits
# that could be somebody's number.
_SHOWABLE = re.compile(r"(?!.*\d{4})(?!.*[A-Za-z]{5}\d)[A-Za-z0-9_.\-\[\]]{1,64}", re.ASCII)
_ABSENT = object()


def field_errors(
    refused: ValidationError, schema: type[BaseModel], given: Mapping[str, Any] | None = None
) -> list[FieldError]:
    """List the bad fields of a refused input, the first finding of each.

    A schema may give words and meaning as class attributes: `required_words` (field -> sentence), `labels`
    (field -> words), `immutable` (names that an update may not carry). `given` is the input, to tell empty from wrong.
    """
    found: dict[str, FieldError] = {}
    for finding in refused.errors(include_input=False, include_url=False, include_context=False):
        path = _path(finding["loc"])
        if path not in found:
            found[path] = _as_field_error(path, finding, schema, given)
        if len(found) >= MAX_ERRORS:
            break
    return list(found.values())


def show_name(name: str) -> str:
    """Return a caller's name for a field where it can be shown, else words in its place."""
    return name if _SHOWABLE.fullmatch(name) else "(unnamed)"


def label_of(schema: type[BaseModel], name: str) -> str:
    """Name a field in the words of its form label, in the middle of a sentence."""
    last = name.rpartition(".")[2]
    labels: Mapping[str, str] = getattr(schema, "labels", {})
    return labels.get(last, last.replace("_", " "))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))


def _as_field_error(path: str, finding: Any, schema: type[BaseModel], given: Mapping[str, Any] | None) -> FieldError:
    kind: str = finding["type"]
    value = _look_up(given, finding["loc"])
    # A rule of ours that asks for a number or one of some words finds fault with a blank as well.
    if kind.isupper() and not (kind == "INVALID" and (value is None or _is_blank_text(value))):
        return FieldError(path, kind, finding["msg"])
    if kind == "extra_forbidden":
        return _not_taken(finding["loc"], schema)
    if kind in ("missing", "INVALID") or value is None or _is_blank(value):
        return FieldError(path, "REQUIRED", _required_words(path, schema))
    code = next((code for ending, code in _LENGTH.items() if kind.endswith(ending)), "INVALID")
    return FieldError(path, code, _words(kind, code))


def _not_taken(location: tuple[int | str, ...], schema: type[BaseModel]) -> FieldError:
    *parents, name = location
    if not parents and name in getattr(schema, "immutable", ()):
        return FieldError(str(name), "IMMUTABLE_FIELD", "This cannot be changed here")
    return FieldError(_path((*parents, show_name(str(name)))), "UNKNOWN_FIELD", "There is no field of this name")


def _required_words(path: str, schema: type[BaseModel]) -> str:
    words: Mapping[str, str] = getattr(schema, "required_words", {})
    return words.get(path.rpartition(".")[2]) or f"Enter the {label_of(schema, path)}"


def _words(kind: str, code: str) -> str:
    if code == "TOO_SHORT":
        return "Is too short"
    if code == "TOO_LONG":
        return "Is too long"
    return next((words for start, words in _WORDS.items() if kind.startswith(start)), "Is not in the expected form")


def _look_up(given: Any, location: tuple[int | str, ...]) -> Any:
    for part in location:
        try:
            given = given[part]
        except (LookupError, TypeError):
            return _ABSENT
    return given


def _is_blank(value: Any) -> bool:
    return value == [] or _is_blank_text(value)


def _is_blank_text(value: Any) -> bool:
    return isinstance(value, str) and not trimmed(value)
