"""From the text of forms and query strings to the types a schema asks for; the schema does all the judging.

Only transport is undone here: text that spells a whole number or a truth value where the field is one. Whatever does
not is handed on as it came, so that form, query string and JSON are refused in the same words.
"""

import re
import types
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_TRUTH = {"true": True, "false": False}


@cache
def kinds_of(schema: type[BaseModel]) -> Mapping[str, frozenset[Any]]:
    """Tell for each field which plain types its annotation is made of, None left out."""
    return {name: frozenset(_flatten(field.annotation)) for name, field in schema.model_fields.items()}


def from_text(schema: type[BaseModel], given: Mapping[str, str]) -> dict[str, Any]:
    """Give each text the type of its field where it plainly spells one."""
    kinds = kinds_of(schema)
    return {name: _convert(text, kinds.get(name, frozenset())) for name, text in given.items()}


def is_date(schema: type[BaseModel], name: str) -> bool:
    """Tell whether a field is a date (and not a moment)."""
    kinds = kinds_of(schema).get(name, frozenset())
    return date in kinds and datetime not in kinds


def is_list(schema: type[BaseModel], name: str) -> bool:
    """Tell whether a field takes several values."""
    return list in kinds_of(schema).get(name, frozenset())


def _convert(text: str, kinds: frozenset[Any]) -> Any:
    if bool in kinds and text in _TRUTH:
        return _TRUTH[text]
    if int in kinds and _WHOLE.fullmatch(text):
        return int(text)
    return text


def _flatten(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _flatten(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _flatten(part)
    elif annotation is not type(None):
        yield origin or annotation
