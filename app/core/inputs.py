"""What every input schema shares: it is strict, keeps quiet about its values, and refuses in the contract's codes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from app.core.checks import Checks

NO_WORDS: Mapping[str, str] = MappingProxyType({})


class Input(BaseModel):
    """What comes in from outside: strict, nothing unknown, and never shown in an error or a log line.

    A feature gives its fields words: `required_words` (field -> sentence), `labels` (field -> words in a sentence),
    `immutable` (names that an update may not carry).
    """

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, frozen=True)

    required_words: ClassVar[Mapping[str, str]] = NO_WORDS
    labels: ClassVar[Mapping[str, str]] = NO_WORDS
    immutable: ClassVar[frozenset[str]] = frozenset()

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show which fields were given, and nothing of what stands in them."""
        return [("fields", sorted(self.model_fields_set))]


def absent() -> Any:
    """Mark a field that may be left out but not be null: its default never is a value, `model_fields_set` tells."""
    return Field(default=None, json_schema_extra=drop_default)


def drop_default(schema: dict[str, Any]) -> None:
    """Leave the default out of a field's published schema."""
    schema.pop("default", None)


def checks_of(info: ValidationInfo) -> Checks:
    """Return the moment and the server's rules this validation runs under."""
    if not isinstance(info.context, Checks):
        raise TypeError("validate with context=Checks(...)")
    return info.context


def refuse(code: str, message: str) -> PydanticCustomError:
    """Make the error of one field from the contract's code and the words for the person."""
    return PydanticCustomError(code, message)
