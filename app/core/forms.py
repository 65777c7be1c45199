"""Input at the HTML door: forms meet the same schemas as JSON does, after their transport is undone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

from app.core.errors import FieldError
from app.core.fields import field_errors
from app.core.transport import from_text, is_date, is_list
from app.core.validation import checks

S = TypeVar("S", bound=BaseModel)

TRANSPORT_FIELDS = frozenset({"csrf_token", "idempotency_key", "version", "next", "proof"})
DATE_PARTS = ("day", "month", "year")


@dataclass(slots=True)
class Form(Generic[S]):
    """A submitted form: `data` when all is good, else `errors`; `typed` is what to show in its boxes again."""

    data: S | None
    errors: list[FieldError]
    typed: dict[str, Any] = field(default_factory=dict)

    @property
    def messages(self) -> dict[str, str]:
        """Give each bad field's message by the name of the field."""
        return {error.field: error.message for error in self.errors}


def read_form(schema: type[S], *, drop: Iterable[str] = (), submitted: "MultiDict[str, str] | None" = None) -> Form[S]:
    """Check a submitted form against the schema that JSON meets.

    A date may come as three boxes (`<field>_day`, `_month`, `_year`). A checkbox is preceded by a hidden `false` of
    the same name, so the last value counts. `drop` names boxes that belong to the page alone.
    """
    source = request.form if submitted is None else submitted
    given, typed = _collect(schema, source, frozenset(drop))
    try:
        return Form(schema.model_validate(given, context=checks()), [], typed)
    except ValidationError as refused:
        return Form(None, field_errors(refused, schema, given), typed)


def _collect(
    schema: type[BaseModel], source: "MultiDict[str, str]", dropped: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    typed: dict[str, Any] = {}
    surplus = (TRANSPORT_FIELDS - schema.model_fields.keys()) | dropped
    for name, values in source.lists():
        whole = _date_field(schema, name)
        if name in surplus:
            continue
        if is_list(schema, name):
            typed[name] = lists[name] = values
        elif whole is not None:
            typed[name] = values[-1]
            texts[whole] = _three_boxes(source, whole)
        else:
            typed[name] = texts[name] = values[-1].replace("\r\n", "\n")
    return {**from_text(schema, texts), **lists}, typed


def _date_field(schema: type[BaseModel], name: str) -> str | None:
    whole, _, part = name.rpartition("_")
    return whole if part in DATE_PARTS and is_date(schema, whole) else None


def _three_boxes(source: "MultiDict[str, str]", name: str) -> str:
    day, month, year = (source.get(f"{name}_{part}", "").strip() for part in DATE_PARTS)
    return f"{year:0>4}-{month:0>2}-{day:0>2}" if day or month or year else ""
