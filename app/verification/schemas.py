"""What the calls of verification take and give."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, PlainValidator, WithJsonSchema

from app.accounts.schemas_registration import TokenInput
from app.core.inputs import Input, refuse
from app.core.rules import trimmed
from app.records.identifiers import without_separators

__all__ = ["CodeInput", "ProvenOutput", "SentOutput", "TokenInput"]

CODE_WORDS = "The code has 6 digits"


def _judge_code(value: object) -> str:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise refuse("REQUIRED", "Enter the code")
    if not isinstance(value, str):
        raise refuse("INVALID", "Must be text")
    code = without_separators(value)
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        raise refuse("INVALID", CODE_WORDS)
    return code


class CodeInput(Input):
    """The code that was sent to a mobile."""

    required_words: ClassVar[Mapping[str, str]] = {"code": "Enter the code"}
    labels: ClassVar[Mapping[str, str]] = {"code": "code"}

    code: Annotated[str, PlainValidator(_judge_code), WithJsonSchema({"type": "string", "pattern": "^[0-9]{6}$"})]


class SentOutput(BaseModel):
    """What was sent, in a sentence."""

    message: str


class ProvenOutput(BaseModel):
    """Whose address was proven, and when."""

    message: str
    user_id: UUID
    verified_at: datetime
