"""What the calls take and give by which somebody registers, proves an address, and gets a password."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, PlainValidator, ValidationInfo, WithJsonSchema

from app.accounts.field_types import LABELS, REQUIRED_WORDS, Email, FullName, Secret, Token, Username
from app.accounts.passwords import LONGEST, SHORTEST, Owner, weakness
from app.accounts.schemas import AccountOutput
from app.core.inputs import Input, absent, checks_of, refuse


def _judge_password(value: object, info: ValidationInfo) -> str:
    if value is None or value == "":
        raise refuse("REQUIRED", REQUIRED_WORDS["password"])
    if not isinstance(value, str):
        raise refuse("INVALID", "Must be text")
    known = info.data
    owner = Owner(known.get("email") or "", known.get("username"), known.get("full_name"))
    fault = weakness(value, owner, checks_of(info).password_policy)
    if fault is not None:
        raise refuse("WEAK_PASSWORD", fault)
    return value


def _same_as(field: str) -> PlainValidator:
    """Make the validator of a password that is typed a second time."""

    def judge(value: object, info: ValidationInfo) -> str | None:
        first = info.data.get(field)
        if value is not None and not isinstance(value, str):
            raise refuse("INVALID", "Must be text")
        if value is not None and first is not None and value != first:
            raise refuse("PASSWORD_MISMATCH", "The two passwords are not the same")
        return first

    return PlainValidator(judge, json_schema_input_type=str)


NewPassword = Annotated[
    str,
    PlainValidator(_judge_password),
    WithJsonSchema({"type": "string", "minLength": SHORTEST, "maxLength": LONGEST, "format": "password"}),
]
_AS_TEXT = WithJsonSchema({"type": "string", "format": "password"})


class AccountWords(Input):
    """Fields of an account, in its words."""

    required_words: ClassVar[Mapping[str, str]] = {
        **REQUIRED_WORDS,
        "current_password": "Enter the current password",
        "new_password": "Enter the new password",
    }
    labels: ClassVar[Mapping[str, str]] = LABELS


class RegisterInput(AccountWords):
    """What somebody says of themselves to get an account."""

    email: Email
    username: Username = absent()
    full_name: FullName = absent()
    password: NewPassword
    password_confirmation: Annotated[str | None, _same_as("password"), _AS_TEXT] = absent()


class AddressInput(AccountWords):
    """An address that a letter is asked for."""

    email: Email


class TokenInput(AccountWords):
    """The token of a link in a mail."""

    token: Token


class ResetInput(AccountWords):
    """The token of a link in a mail, and the password to be set by it."""

    token: Token
    password: Secret
    password_confirmation: Annotated[str | None, _same_as("password"), _AS_TEXT] = absent()


class ChangeInput(AccountWords):
    """The password in use, and the one to take its place."""

    current_password: Secret
    new_password: Secret
    new_password_confirmation: Annotated[str | None, _same_as("new_password"), _AS_TEXT] = absent()


class RegisteredOutput(AccountOutput):
    """An account that was just registered."""

    user_id: UUID
    message: str


class MessageOutput(BaseModel):
    """What was done, in a sentence."""

    message: str


class LinkOutput(BaseModel):
    """A link that can still be used, and until when."""

    message: str
    expires_at: datetime


class VerifiedOutput(BaseModel):
    """Whose address was proven, and when."""

    message: str
    user_id: UUID
    verified_at: datetime


def fields_of(output: BaseModel) -> dict[str, Any]:
    """Return the fields of an output, to be part of a larger one."""
    return dict(output)
