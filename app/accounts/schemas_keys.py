"""What the calls take and give that manage API keys."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo, WithJsonSchema

from app.accounts.field_types import KeyName
from app.accounts.queries_keys import ShownKey
from app.accounts.schemas_managing import AccountForm
from app.core.identity import ALL_SCOPES
from app.core.inputs import refuse
from app.core.list_queries import Id, Paging, moment_after
from app.core.page_output import PageOutput

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""From here on there is no telling what time that is elsewhere on earth."""


def _judge_scopes(value: object) -> list[str]:
    if value is None or value == []:
        raise refuse("REQUIRED", "Choose at least one scope")
    if not isinstance(value, list) or not all(isinstance(scope, str) for scope in value):
        raise refuse("INVALID", "Must be a list of scopes")
    if set(value) - ALL_SCOPES:
        raise refuse("INVALID", f"Choose from {', '.join(sorted(ALL_SCOPES))}")
    return sorted(set(value))


def _judge_expiry(value: object, info: ValidationInfo) -> datetime | None:
    if value is None or value == "":
        return None
    moment = moment_after(value, info)
    if moment >= NEVER:
        raise refuse("INVALID", "Leave it empty for a key that never expires")
    return moment


_SCOPES_SCHEMA = {"type": "array", "items": {"type": "string", "enum": sorted(ALL_SCOPES)}, "minItems": 1}
_EXPIRY_SCHEMA = {"type": ["string", "null"], "description": "A date or a time; of a date, all of it counts"}

Scopes = Annotated[list[str], PlainValidator(_judge_scopes), WithJsonSchema(_SCOPES_SCHEMA)]
Expiry = Annotated[datetime | None, PlainValidator(_judge_expiry), WithJsonSchema(_EXPIRY_SCHEMA)]


class KeyInput(AccountForm):
    """A new API key, for the caller's own account unless another is named."""

    name: KeyName
    scopes: Scopes
    account_id: Id | None = None
    expires_at: Expiry = None
    idempotency_key: str | None = None


class KeyQuery(Paging):
    """The filters of the list of API keys."""

    account_id: Id | None = None


class KeyOutput(BaseModel):
    """An API key as it is listed; `prefix` is how its secret starts."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    name: str
    account_id: UUID
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewKeyOutput(KeyOutput):
    """A new API key. The secret is told this once; where the answer is given again, it is null."""

    secret: str | None


class KeyPageOutput(PageOutput):
    """A part of the list of API keys."""

    data: list[KeyOutput]


def present_key(key: ShownKey) -> KeyOutput:
    """Turn a key into the JSON object of the API."""
    return KeyOutput(
        id=key.id,
        name=key.name,
        account_id=key.account_id,
        prefix=key.prefix,
        scopes=list(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
