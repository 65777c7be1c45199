"""What the account calls take and give."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)
SOMETHING = r"\S"
"""What a text needs that has to be there: more than blanks. A password may be of blanks alone."""


class LoginInput(BaseModel):
    """Name and password, as JSON."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {
        "email": "Enter the email or username",
        "password": "Enter the password",
    }

    email: str = Field(pattern=SOMETHING, description="E-mail address or username.")
    password: str = Field(min_length=1, description="Compared exactly as it is sent.")


class LoginForm(BaseModel):
    """Name and password, as the form of OAuth 2 (RFC 6749 §4.3.2); what else its clients send is let pass."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {
        "username": "Enter the email or username",
        "password": "Enter the password",
    }

    username: str = Field(pattern=SOMETHING, description="E-mail address or username.")
    password: str = Field(min_length=1, description="Compared exactly as it is sent.")
    grant_type: Literal["password", ""] | None = None
    scope: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class RefreshInput(BaseModel):
    """The refresh token that is good now."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {"refresh_token": "Send the refresh token"}

    refresh_token: str = Field(pattern=SOMETHING)


class TokenOutput(BaseModel):
    """The tokens of a sign-in. `expires_in` is in seconds and speaks of the access token."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a kind, no secret
    expires_in: int
    user_id: UUID


class AccountOutput(BaseModel):
    """An account as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    username: str | None
    full_name: str | None
    bio: str | None
    role: str
    scopes: list[str]
    is_active: bool
    email_verified: bool
    mfa_enabled: bool
    locked_until: datetime | None
    created_at: datetime
    last_login_at: datetime | None
