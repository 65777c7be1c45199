"""What comes in about corrections, by JSON and by form; the value meets the rule of the field it is for."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import PlainValidator, ValidationError, ValidationInfo, WithJsonSchema

from app.core.checks import Checks
from app.core.fields import field_errors
from app.core.inputs import Input, checks_of, refuse
from app.core.list_queries import Paging, enum_schema, one_of
from app.core.rules import RuleBroken, trimmed
from app.privacy.models import STATES
from app.records import field_types, text
from app.records.field_types import Aadhaar, BirthDate, OptionalText, Pan, Place
from app.records.schemas import FIXED

FIELD_WORDS = f"Choose {', '.join(FIXED[:-1])} or {FIXED[-1]}"
REASON_WORDS = "Write the reason"


class AadhaarValue(field_types.Input):
    """A new Aadhaar."""

    aadhaar: Aadhaar


class PanValue(field_types.Input):
    """A new PAN."""

    pan: Pan


class BirthDateValue(field_types.Input):
    """A new date of birth."""

    date_of_birth: BirthDate


class PlaceValue(field_types.Input):
    """A new place of birth."""

    place_of_birth: Place


SHAPES: Mapping[str, type[field_types.Input]] = MappingProxyType(
    {"aadhaar": AadhaarValue, "pan": PanValue, "date_of_birth": BirthDateValue, "place_of_birth": PlaceValue}
)
"""The input of one field alone: the rule that a new record meets."""


def canonical(field: str, value: object, checks: Checks) -> str | date:
    """Return the canonical value of one field. Raises RuleBroken."""
    schema, given = SHAPES[field], {field: value}
    try:
        found: str | date = getattr(schema.model_validate(given, context=checks), field)
    except ValidationError as refused:
        error = field_errors(refused, schema, given)[0]
        raise RuleBroken(error.code, error.message) from None
    return found


def _judge_field(value: object) -> str:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise refuse("REQUIRED", FIELD_WORDS)
    if not isinstance(value, str) or value not in FIXED:
        raise refuse("INVALID", FIELD_WORDS)
    return value


def _judge_value(value: object, info: ValidationInfo) -> str | date:
    field = info.data.get("field")
    if field is None:
        # The field is refused already; of the value only its absence can be told.
        if value is None or value == "":
            raise refuse("REQUIRED", "Enter the new value")
        return ""
    try:
        return canonical(field, value, checks_of(info))
    except RuleBroken as broken:
        raise refuse(broken.code, broken.message) from None


def _judge_reason(value: object) -> str:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise refuse("REQUIRED", REASON_WORDS)
    if not isinstance(value, str):
        raise refuse("INVALID", "The reason must be text")
    try:
        return text.REASON.canonical(value)
    except RuleBroken as broken:
        raise refuse(broken.code, broken.message) from None


_VALUE_SCHEMA = {
    "type": "string",
    "description": "What is right, as a new record would take it for the field",
    "examples": ["234123412346"],
}
_REASON_SCHEMA = {"type": "string", "minLength": text.REASON.least, "maxLength": text.REASON.most}

FieldChoice = Annotated[str, PlainValidator(_judge_field), enum_schema(FIXED)]
Value = Annotated[str | date, PlainValidator(_judge_value), WithJsonSchema(_VALUE_SCHEMA)]
Reason = Annotated[str, PlainValidator(_judge_reason), WithJsonSchema(_REASON_SCHEMA)]
StatusChoice = Annotated[str, one_of(STATES), enum_schema(STATES)]


class ReasonInput(Input):
    """Why somebody does it."""

    required_words: ClassVar[Mapping[str, str]] = MappingProxyType({"reason": REASON_WORDS})

    reason: Reason
    idempotency_key: OptionalText = None


class CorrectionInput(ReasonInput):
    """What is wrong in a record, what is right, and how that is known."""

    required_words: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"field": FIELD_WORDS, "value": "Enter the new value", "reason": REASON_WORDS}
    )

    field: FieldChoice
    value: Value


class ApproveInput(Input):
    """Nothing but a key; the call needs no body."""

    idempotency_key: OptionalText = None


class CorrectionQuery(Paging):
    """Which corrections: of one status, or all."""

    status: StatusChoice | None = None
