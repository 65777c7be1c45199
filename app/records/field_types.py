"""The types of a record's fields: each ties one pure rule to its words, for form, JSON and import alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.core import inputs
from app.core.checks import Checks
from app.core.inputs import checks_of, refuse
from app.core.rules import EMAIL_LENGTH, RuleBroken, canonical_email, trimmed
from app.core.text import TextRule
from app.records import identifiers, text
from app.records.birth import EARLIEST, canonical_birth_date

Rule = Callable[[str, Checks], Any]

SAME_AS_PRIMARY_WORDS = "Must differ from the primary mobile"

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "name": "name",
        "email": "email",
        "primary_mobile": "primary mobile",
        "secondary_mobile": "secondary mobile",
        "aadhaar": "Aadhaar",
        "pan": "PAN",
        "date_of_birth": "date of birth",
        "place_of_birth": "place of birth",
        "current_address": "current address",
        "permanent_address": "permanent address",
        "is_active": "status",
        "reason": "reason",
        "version": "version",
        "q": "search text",
    }
)
REQUIRED_WORDS: Mapping[str, str] = MappingProxyType(
    {name: f"Enter the {label}" for name, label in LABELS.items()}
    | {
        "is_active": "Choose whether the record is active",
        "reason": "Choose a reason",
        "fields": "Choose at least one number",
        "items": "Send at least one item",
        "q": "Enter what to search for",
    }
)


class Input(inputs.Input):
    """An input about records, with the words of their form."""

    required_words: ClassVar[Mapping[str, str]] = REQUIRED_WORDS
    labels: ClassVar[Mapping[str, str]] = LABELS


@dataclass(frozen=True, slots=True)
class FieldLimits:
    """What a form control says of its field; the lengths bound what is typed, blanks between groups included."""

    required: bool = True
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    input_mode: str | None = None


def _lengths(rule: TextRule) -> FieldLimits:
    return FieldLimits(min_length=rule.least, max_length=rule.most)


_DIGIT_GROUPS = r"[\s\-]*([0-9][\s\-]*){12}"
_PAN_GROUPS = r"\s*([A-Za-z][\s\-]*){5}([0-9][\s\-]*){4}[A-Za-z]\s*"
_MOBILE_GROUPS = r"\s*(\+?[\s\-]*9[\s\-]*1[\s\-]*|0[\s\-]*)?[6-9][\s\-]*([0-9][\s\-]*){9}"

FIELD_LIMITS: Mapping[str, FieldLimits] = MappingProxyType(
    {
        "name": _lengths(text.NAME),
        "email": FieldLimits(max_length=EMAIL_LENGTH, input_mode="email"),
        "primary_mobile": FieldLimits(max_length=24, pattern=_MOBILE_GROUPS, input_mode="tel"),
        "secondary_mobile": FieldLimits(False, max_length=24, pattern=_MOBILE_GROUPS, input_mode="tel"),
        "aadhaar": FieldLimits(max_length=24, pattern=_DIGIT_GROUPS, input_mode="numeric"),
        "pan": FieldLimits(max_length=24, pattern=_PAN_GROUPS, input_mode="text"),
        "date_of_birth": FieldLimits(),
        "place_of_birth": _lengths(text.PLACE),
        "current_address": _lengths(text.ADDRESS),
        "permanent_address": _lengths(text.ADDRESS),
        "reason": _lengths(text.REASON),
        "q": _lengths(text.SEARCH),
    }
)


def required(info: ValidationInfo) -> PydanticCustomError:
    """Make the error of a field that is null, empty or blank."""
    return refuse("REQUIRED", REQUIRED_WORDS.get(info.field_name or "", "Enter a value"))


def apply(rule: Rule, value: object, info: ValidationInfo) -> Any:
    """Judge one value by its rule; null, blank and wrong types are refused here, for every text alike."""
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise required(info)
    if not isinstance(value, str):
        raise refuse("INVALID", f"The {LABELS.get(info.field_name or '', 'value')} must be text")
    try:
        return rule(value, checks_of(info))
    except RuleBroken as broken:
        raise refuse(broken.code, broken.message) from None


def ruled(rule: Rule) -> PlainValidator:
    """Make the validator of a text field from its rule."""

    def judge(value: object, info: ValidationInfo) -> Any:
        return apply(rule, value, info)

    return PlainValidator(judge, json_schema_input_type=str)


def _judge_secondary(value: object, info: ValidationInfo) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and not trimmed(value):
        return None
    mobile: str = apply(lambda given, _: identifiers.canonical_mobile(given), value, info)
    if mobile == info.data.get("primary_mobile"):
        raise refuse("SAME_AS_PRIMARY", SAME_AS_PRIMARY_WORDS)
    return mobile


def _judge_truth(value: object, info: ValidationInfo) -> bool:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise required(info)
    if not isinstance(value, bool):
        raise refuse("INVALID", "Must be true or false")
    return value


def _judge_any_text(value: object, info: ValidationInfo) -> str:
    if value is None:
        raise required(info)
    if not isinstance(value, str):
        raise refuse("INVALID", f"The {LABELS.get(info.field_name or '', 'value')} must be text")
    return value


def _described(rule: TextRule) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": rule.least, "maxLength": rule.most})


def _ruled_text(rule: TextRule) -> PlainValidator:
    return ruled(lambda value, _: rule.canonical(value))


def _aadhaar(value: str, checks: Checks) -> str:
    return identifiers.canonical_aadhaar(value, allow_test_identities=checks.allow_test_identities)


def _pan(value: str, checks: Checks) -> str:
    return identifiers.canonical_pan(value, allow_test_identities=checks.allow_test_identities)


_MOBILE_SCHEMA = {"type": "string", "description": identifiers.MOBILE_WORDS, "examples": ["9876543210"]}
_EMAIL_SCHEMA = {"type": "string", "format": "email", "maxLength": EMAIL_LENGTH}
_AADHAAR_SCHEMA = {"type": "string", "description": "12 digits with a check digit", "examples": ["234123412346"]}
_PAN_SCHEMA = {"type": "string", "description": "AAAAA9999A, the fourth letter P", "examples": ["ABCPE1234F"]}
_BORN_SCHEMA = {"type": "string", "format": "date", "description": f"From {EARLIEST}, 18 years old or older today"}

Name = Annotated[str, _ruled_text(text.NAME), _described(text.NAME)]
Email = Annotated[str, ruled(lambda value, _: canonical_email(value)), WithJsonSchema(_EMAIL_SCHEMA)]
Mobile = Annotated[str, ruled(lambda value, _: identifiers.canonical_mobile(value)), WithJsonSchema(_MOBILE_SCHEMA)]
SecondaryMobile = Annotated[
    str | None, PlainValidator(_judge_secondary), WithJsonSchema({**_MOBILE_SCHEMA, "type": ["string", "null"]})
]
Aadhaar = Annotated[str, ruled(_aadhaar), WithJsonSchema(_AADHAAR_SCHEMA)]
Pan = Annotated[str, ruled(_pan), WithJsonSchema(_PAN_SCHEMA)]
BirthDate = Annotated[
    date, ruled(lambda value, checks: canonical_birth_date(value, checks.today)), WithJsonSchema(_BORN_SCHEMA)
]
Place = Annotated[str, _ruled_text(text.PLACE), _described(text.PLACE)]
Address = Annotated[str, _ruled_text(text.ADDRESS), _described(text.ADDRESS)]
Reason = Annotated[str, _ruled_text(text.REASON), _described(text.REASON)]
MaybeReason = Annotated[str | None, _ruled_text(text.REASON), _described(text.REASON)]
"""May be left out, but is not null when it is there."""
SearchText = Annotated[str, _ruled_text(text.SEARCH), _described(text.SEARCH)]
Truth = Annotated[bool, PlainValidator(_judge_truth), WithJsonSchema({"type": "boolean"})]
AnyText = Annotated[str, PlainValidator(_judge_any_text), WithJsonSchema({"type": "string"})]
"""Text that is judged elsewhere; it is kept as it came."""
MaybeVersion = Annotated[str | None, PlainValidator(_judge_any_text), WithJsonSchema({"type": "string"})]
"""The same, where it may be left out, but is not null when it is there."""
OptionalText = Annotated[
    str | None,
    PlainValidator(lambda value, info: None if value is None else _judge_any_text(value, info)),
    WithJsonSchema({"type": ["string", "null"]}),
]
"""The same, where null says as much as nothing: an idempotency key."""
