"""The types of an account's fields: each ties one rule to its words, for form and JSON alike."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from app.core.identity import ROLES
from app.core.inputs import refuse
from app.core.list_queries import enum_schema
from app.core.rules import EMAIL_LENGTH, RuleBroken, canonical_email, trimmed
from app.core.text import TextRule

USERNAME_LEAST, USERNAME_MOST = 3, 100
FULL_NAME = TextRule("The name", 2, 255, "The name needs at least 2 characters")
BIO = TextRule("The text about you", 1, 1000, "Enter the text about you", has_lines=True)
KEY_NAME = TextRule("The name of the key", 1, 100, "Enter the name of the key")

LABELS: Mapping[str, str] = MappingProxyType(
    {"full_name": "name", "bio": "text about you", "scopes": "scopes", "account_id": "account", "is_active": "status"}
)
REQUIRED_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": "Enter the email",
        "username": "Enter the username",
        "full_name": "Enter the name",
        "role": "Choose a role",
        "password": "Enter the password",
        "is_active": "Choose whether the account is active",
        "name": "Enter the name of the key",
        "scopes": "Choose at least one scope",
        "account_id": "Choose the account",
        "token": "Send the token",
    }
)

_USERNAME = re.compile(r"[a-z0-9._-]+", re.ASCII)
_USERNAME_WORDS = "A username has letters from a to z, digits, dots, hyphens and underscores only"


def canonical_username(text: str) -> str:
    """Return a username as it is stored: in lower case. Raises RuleBroken."""
    typed = trimmed(text)
    name = typed.lower()
    if not typed.isascii() or not _USERNAME.fullmatch(name):  # the Kelvin sign is no k, though it folds to one
        raise RuleBroken("INVALID", _USERNAME_WORDS)
    if len(name) < USERNAME_LEAST:
        raise RuleBroken("TOO_SHORT", f"A username has at least {USERNAME_LEAST} characters")
    if len(name) > USERNAME_MOST:
        raise RuleBroken("TOO_LONG", f"A username has at most {USERNAME_MOST} characters. You typed {len(name)}")
    return name


def _canonical_role(text: str) -> str:
    if text not in ROLES:
        raise RuleBroken("INVALID", f"Choose one of {', '.join(ROLES)}")
    return text


def ruled(rule: Callable[[str], str]) -> PlainValidator:
    """Make the validator of a text that has to be there."""

    def judge(value: object, info: ValidationInfo) -> str:
        if value is None or (isinstance(value, str) and not trimmed(value)):
            raise refuse("REQUIRED", REQUIRED_WORDS.get(info.field_name or "", "Enter a value"))
        return _judged(rule, value, info)

    return PlainValidator(judge, json_schema_input_type=str)


def clearable(rule: Callable[[str], str]) -> PlainValidator:
    """Make the validator of a text that null or nothing takes away."""

    def judge(value: object, info: ValidationInfo) -> str | None:
        if value is None or (isinstance(value, str) and not trimmed(value)):
            return None
        return _judged(rule, value, info)

    return PlainValidator(judge, json_schema_input_type=str)


def _judged(rule: Callable[[str], str], value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise refuse("INVALID", f"The {LABELS.get(info.field_name or '', info.field_name or 'value')} must be text")
    try:
        return rule(value)
    except RuleBroken as broken:
        raise refuse(broken.code, broken.message) from None


def _judge_truth(value: object, info: ValidationInfo) -> bool:
    if value is None or value == "":
        raise refuse("REQUIRED", REQUIRED_WORDS.get(info.field_name or "", "Choose one"))
    if not isinstance(value, bool):
        raise refuse("INVALID", "Must be true or false")
    return value


def _judge_secret(value: object, info: ValidationInfo) -> str:
    if value is None or value == "":
        raise refuse("REQUIRED", REQUIRED_WORDS.get(info.field_name or "", "Enter a value"))
    if not isinstance(value, str):
        raise refuse("INVALID", "Must be text")
    return value


def _sized(least: int, most: int, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": least, "maxLength": most, **more})


def _sized_or_null(least: int, most: int, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "null"], "minLength": least, "maxLength": most, **more})


Email = Annotated[str, ruled(canonical_email), _sized(3, EMAIL_LENGTH, format="email")]
Username = Annotated[
    str | None,
    clearable(canonical_username),
    _sized_or_null(USERNAME_LEAST, USERNAME_MOST, pattern="^[A-Za-z0-9._-]+$"),
]
FullName = Annotated[str | None, clearable(FULL_NAME.canonical), _sized_or_null(FULL_NAME.least, FULL_NAME.most)]
Bio = Annotated[str | None, clearable(BIO.canonical), _sized_or_null(0, BIO.most)]
Role = Annotated[str, ruled(_canonical_role), enum_schema(ROLES)]
KeyName = Annotated[str, ruled(KEY_NAME.canonical), _sized(KEY_NAME.least, KEY_NAME.most)]
Truth = Annotated[bool, PlainValidator(_judge_truth), WithJsonSchema({"type": "boolean"})]
Secret = Annotated[str, PlainValidator(_judge_secret), WithJsonSchema({"type": "string", "minLength": 1})]
"""A password: taken exactly as it comes, and be it of blanks; what it is worth is judged elsewhere."""
Token = Annotated[str, ruled(str), WithJsonSchema({"type": "string", "minLength": 1})]
"""A token: taken as it comes; what it is worth is judged elsewhere."""


def canonical_email_or_none(text: str) -> str | None:
    """Return an address as it is stored, or None for what is no address."""
    try:
        return canonical_email(text)
    except RuleBroken:
        return None
