"""What comes in to change a record: one schema for form, JSON and import.

Validate with `Model.model_validate(mapping, context=Checks(...))`. Errors carry the contract's field codes as their
type and the words for the person as their message.
"""

from typing import Annotated, Any, ClassVar, Final

from pydantic import GetJsonSchemaHandler, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.core.inputs import absent, refuse
from app.records.field_types import (
    FIELD_LIMITS,
    LABELS,
    REQUIRED_WORDS,
    SAME_AS_PRIMARY_WORDS,
    Aadhaar,
    Address,
    BirthDate,
    Email,
    FieldLimits,
    Input,
    MaybeReason,
    MaybeVersion,
    Mobile,
    Name,
    OptionalText,
    Pan,
    Place,
    Reason,
    SecondaryMobile,
    Truth,
    required,
)

__all__ = [
    "BATCH_LIMIT",
    "CHANGEABLE",
    "FIELD_LIMITS",
    "FIXED",
    "LABELS",
    "READ_ONLY",
    "REQUIRED_WORDS",
    "REVEALABLE",
    "SAME_AS_PRIMARY_WORDS",
    "BatchInput",
    "DeleteInput",
    "FieldLimits",
    "RecordChanges",
    "RecordInput",
    "RestoreInput",
    "RevealInput",
]

CHANGEABLE: Final = (
    "name",
    "email",
    "primary_mobile",
    "secondary_mobile",
    "current_address",
    "permanent_address",
    "is_active",
)
FIXED: Final = ("aadhaar", "pan", "date_of_birth", "place_of_birth")
"""What no update changes: a correction by two people does."""
READ_ONLY: Final = (
    "id",
    "reference",
    "version",
    "email_verified",
    "mobile_verified",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
    "is_deleted",
    "deleted_at",
    "deleted_by",
    "last_login_at",
)
REVEALABLE: Final = ("aadhaar", "pan")
BATCH_LIMIT: Final = 500


class RecordInput(Input):
    """A new person's record."""

    name: Name
    email: Email
    primary_mobile: Mobile
    secondary_mobile: SecondaryMobile = None
    aadhaar: Aadhaar
    pan: Pan
    date_of_birth: BirthDate
    place_of_birth: Place
    current_address: Address
    permanent_address: Address
    is_active: Truth = True
    idempotency_key: OptionalText = None

    def values(self) -> dict[str, Any]:
        """Return all fields of the record in their canonical form."""
        return {name: getattr(self, name) for name in (*CHANGEABLE, *FIXED)}

    def submitted_changes(self) -> dict[str, Any]:
        """Return the changeable fields that were really given: what a restored record takes over."""
        return {name: getattr(self, name) for name in CHANGEABLE if name in self.model_fields_set}


class RecordChanges(Input):
    """Some new values of a record; what is absent is left alone, so read them through `changes()`."""

    immutable: ClassVar[frozenset[str]] = frozenset((*FIXED, *READ_ONLY)) - {"version"}

    name: Name = absent()
    email: Email = absent()
    primary_mobile: Mobile = absent()
    secondary_mobile: SecondaryMobile = None
    current_address: Address = absent()
    permanent_address: Address = absent()
    is_active: Truth = absent()
    version: MaybeVersion = absent()

    def changes(self) -> dict[str, Any]:
        """Return the given fields in their canonical form; a `secondary_mobile` of None clears it."""
        return {name: getattr(self, name) for name in CHANGEABLE if name in self.model_fields_set}


class DeleteInput(Input):
    """Why a record is deleted, and the version it is deleted from."""

    reason: MaybeReason = absent()
    version: MaybeVersion = absent()


class RestoreInput(Input):
    """The version of the deleted record that is to come back."""

    version: MaybeVersion = absent()
    idempotency_key: OptionalText = None


def _judge_fields(value: object, info: ValidationInfo) -> list[str]:
    if value is None or value in ([], ""):
        raise required(info)
    if not isinstance(value, list) or not all(isinstance(name, str) and name in REVEALABLE for name in value):
        raise refuse("INVALID", "Choose from aadhaar and pan")
    return [name for name in REVEALABLE if name in value]


_FIELDS_SCHEMA = {
    "type": "array",
    "items": {"type": "string", "enum": list(REVEALABLE)},
    "minItems": 1,
}


class RevealInput(Input):
    """Which numbers to show in full, and why."""

    fields: Annotated[list[str], PlainValidator(_judge_fields), WithJsonSchema(_FIELDS_SCHEMA)]
    reason: Reason


def _judge_items(value: object, info: ValidationInfo) -> list[Any]:
    if value is None or value in ([], ""):
        raise required(info)
    if not isinstance(value, list):
        raise refuse("INVALID", "Send the items as a list")
    if len(value) > BATCH_LIMIT:
        raise refuse("TOO_LONG", f"Send at most {BATCH_LIMIT} items at once. You sent {len(value)}")
    return value


class _RecordItems:
    """The published schema of the items: records, although here they are not judged yet."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = "Each is judged on its own: what is no record gets its problem in the answer."
        items = {"anyOf": [handler(RecordInput.__pydantic_core_schema__), {}], "description": words}
        return {"type": "array", "items": items, "minItems": 1, "maxItems": BATCH_LIMIT}


class BatchInput(Input):
    """Several new records; each item is checked and saved on its own, so here it stays as it came."""

    items: Annotated[list[Any], PlainValidator(_judge_items), _RecordItems()]
    idempotency_key: OptionalText = None
