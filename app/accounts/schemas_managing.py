"""What the calls take and give that manage accounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, WithJsonSchema

from app.accounts.field_types import (
    LABELS,
    REQUIRED_WORDS,
    Bio,
    Email,
    FullName,
    Role,
    Secret,
    Token,
    Truth,
    Username,
    clearable,
)
from app.accounts.schemas import AccountOutput
from app.core.identity import ROLES
from app.core.inputs import Input, absent
from app.core.list_queries import Flag, SortedPaging, either_way, enum_schema, one_of
from app.core.page_output import PageOutput
from app.core.text import TextRule

READ_ONLY: Final = frozenset(
    {"id", "scopes", "email_verified", "mfa_enabled", "locked_until", "created_at", "last_login_at"}
)

SEARCH = TextRule("The search text", 1, 100, "Type at least 1 character")
_SORTS = either_way("created_at", "email")

Sort = Annotated[str, one_of(_SORTS), enum_schema(_SORTS)]
RoleChoice = Annotated[str, one_of(ROLES), enum_schema(ROLES)]
SearchText = Annotated[str | None, clearable(SEARCH.canonical), WithJsonSchema({"type": "string", "maxLength": 100})]


class AccountForm(Input):
    """An input about an account, with the words of its form."""

    required_words: ClassVar[Mapping[str, str]] = REQUIRED_WORDS
    labels: ClassVar[Mapping[str, str]] = LABELS


class AccountInput(AccountForm):
    """A new account. With a password it is usable at once; without, a link to set one is mailed."""

    email: Email
    role: Role
    full_name: FullName = None
    username: Username = None
    password: Secret = absent()
    idempotency_key: str | None = None

    @property
    def given_password(self) -> str | None:
        """The password, where one was given."""
        return self.password if "password" in self.model_fields_set else None


class ProfileChanges(AccountForm):
    """What people change about themselves; null takes a text away."""

    immutable: ClassVar[frozenset[str]] = READ_ONLY | {"email", "role", "is_active"}

    full_name: FullName = absent()
    username: Username = absent()
    bio: Bio = absent()

    def changes(self) -> dict[str, Any]:
        """Return what was given, by field."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class AccountChanges(ProfileChanges):
    """What an admin changes about an account."""

    immutable: ClassVar[frozenset[str]] = READ_ONLY | {"email"}

    role: Role = absent()
    is_active: Truth = absent()


class AccountQuery(SortedPaging):
    """The filters and the order of the list of accounts; `q` is a part of the name, the e-mail or the username."""

    sort: Sort = "-created_at"
    q: SearchText | None = None
    role: RoleChoice | None = None
    is_active: Flag | None = None
    email_verified: Flag | None = None
    mfa_enabled: Flag | None = None


class AccountPageOutput(PageOutput):
    """A part of the list of accounts."""

    data: list[AccountOutput]


class ValidateInput(AccountForm):
    """An access token to be looked at."""

    token: Token


class ValidToken(BaseModel):
    """Whom a good access token speaks for, and until when."""

    is_valid: bool
    user_id: UUID
    email: str
    expires_at: datetime
    scopes: list[str]
