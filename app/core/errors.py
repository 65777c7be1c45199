"""Refusals: every way a request can be turned down, without a word about HTTP frameworks.

A service raises one of these; `core/problems.py` renders it for whichever door the request came through.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any, ClassVar

from app.core.catalogue import CATALOGUE

FIELD_CODES = frozenset(
    {"REQUIRED", "INVALID", "TOO_SHORT", "TOO_LONG", "UNDERAGE", "CHECKSUM", "SAME_AS_PRIMARY"}
    | {"IMMUTABLE_FIELD", "UNKNOWN_FIELD", "WEAK_PASSWORD", "PASSWORD_MISMATCH"}
    | {"DUPLICATE_EMAIL", "DUPLICATE_MOBILE", "DUPLICATE_AADHAAR", "DUPLICATE_PAN", "DUPLICATE_USERNAME"}
)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: where it is, which rule it broke, and words for the person. Never holds the value itself."""

    field: str
    code: str
    message: str
    extra: Mapping[str, Any] = made_by(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Shape the error as an element of a problem's `errors`."""
        return {"field": self.field, "code": self.code, "message": self.message, **self.extra}


class DomainError(Exception):
    """The base of every refusal.

    `detail` is a sentence a person can act on and never repeats personal data. `headers` and `extra` go into the
    answer and into the problem object.
    """

    code: str = "INTERNAL_ERROR"
    status: int = 500
    words: ClassVar[str] = "Something went wrong on our side. Nothing was saved."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or self.words
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        super().__init__(self.code)

    @property
    def title(self) -> str:
        """Name the refusal in the constant words of its code."""
        return CATALOGUE[self.code].title


class MalformedRequest(DomainError):
    """The request cannot be read."""

    code, status = "MALFORMED_REQUEST", 400
    words = "The request cannot be read."


class NotAuthenticated(DomainError):
    """The call needs a credential and there is none."""

    code, status = "NOT_AUTHENTICATED", 401
    words = "Send an access token or an API key in the Authorization header."


class InvalidCredentials(DomainError):
    """The name or the password is wrong; which of them stays unsaid."""

    code, status = "INVALID_CREDENTIALS", 401
    words = "The email or password is not right."


class InvalidToken(DomainError):
    """A credential is unreadable, forged, revoked or of the wrong kind."""

    code, status = "INVALID_TOKEN", 401
    words = "The token is not valid. Sign in again."


class ExpiredToken(DomainError):
    """A credential was good and is past its time."""

    code, status = "EXPIRED_TOKEN", 401
    words = "The token has expired. Refresh it or sign in again."


class Forbidden(DomainError):
    """The actor is known and lacks the permission."""

    code, status = "FORBIDDEN", 403
    words = "Your role or key does not include this. Ask an admin if your work needs it."


class EmailNotVerified(DomainError):
    """The right password of an account whose address is not verified."""

    code, status = "EMAIL_NOT_VERIFIED", 403
    words = "Open the link in the mail we sent before you sign in."


class AccountDisabled(DomainError):
    """The right password of a disabled account."""

    code, status = "ACCOUNT_DISABLED", 403
    words = "This account is disabled. Ask an admin."


class NotFound(DomainError):
    """Nothing is at this address for this actor."""

    code, status = "NOT_FOUND", 404
    words = "There is nothing at this address."


class MethodNotAllowed(DomainError):
    """The path exists with other methods only."""

    code, status = "METHOD_NOT_ALLOWED", 405
    words = "Use one of the methods in the Allow header."


class NotAcceptable(DomainError):
    """The caller accepts no type this call answers with."""

    code, status = "NOT_ACCEPTABLE", 406
    words = "This call answers with application/json. Allow it in the Accept header."


class VersionConflict(DomainError):
    """The record changed since the version the change was made from.

    `precondition` tells whether the stale version stood in If-Match (412, RFC 9110 §13.1.1) or in the body (409).
    `changed_fields` is None when the version never belonged to this record.
    """

    code, status = "VERSION_CONFLICT", 409
    words = "Somebody changed this record first. Read it again and repeat your change."

    def __init__(
        self, current_version: object, changed_fields: Iterable[str] | None = None, *, precondition: bool = False
    ) -> None:
        self.current_version = str(current_version)
        self.changed_fields = None if changed_fields is None else sorted(changed_fields)
        self.status = 412 if precondition else 409
        super().__init__(extra={"current_version": self.current_version, "changed_fields": self.changed_fields})


class IdempotencyInProgress(DomainError):
    """The first request with this key has not ended."""

    code, status = "IDEMPOTENCY_IN_PROGRESS", 409
    words = "The first request with this key is still running. Send it again in a second."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class RequestTooLarge(DomainError):
    """The body is larger than the server takes."""

    code, status = "REQUEST_TOO_LARGE", 413
    words = "The request is larger than this server takes."


class UnsupportedMediaType(DomainError):
    """The body is of a type the call does not take."""

    code, status = "UNSUPPORTED_MEDIA_TYPE", 415
    words = "Send the body as JSON with Content-Type: application/json."


class ValidationFailed(DomainError):
    """Some fields cannot be taken; every one of them is named."""

    code, status = "VALIDATION_ERROR", 422
    words = "Some fields need correction. Each is named in errors."

    def __init__(self, errors: Iterable[FieldError]) -> None:
        super().__init__(errors=errors)


class IdempotencyKeyReused(DomainError):
    """The key was used with another request."""

    code, status = "IDEMPOTENCY_KEY_REUSED", 422
    words = "This idempotency key was used with a different request. Use a new key."


class AccountLocked(DomainError):
    """Too many wrong sign-ins. `retry_after` is in seconds."""

    code, status = "ACCOUNT_LOCKED", 423

    def __init__(self, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        words = f"Too many wrong sign-ins. Try again in {self.retry_after} seconds."
        super().__init__(words, headers={"Retry-After": str(self.retry_after)})


class VersionRequired(DomainError):
    """A change came without the version it was made from, on a server that asks for it."""

    code, status = "VERSION_REQUIRED", 428
    words = "Send the version you changed: the record's ETag in If-Match, or version in the body."


class RateLimited(DomainError):
    """The limit is used up. `retry_after` is in seconds."""

    code, status = "RATE_LIMITED", 429

    def __init__(self, retry_after: int, headers: Mapping[str, str] | None = None) -> None:
        self.retry_after = max(1, retry_after)
        words = f"Too many requests. Wait {self.retry_after} seconds and try again."
        super().__init__(words, headers={**(headers or {}), "Retry-After": str(self.retry_after)})


class InternalError(DomainError):
    """Something failed that nobody expected."""

    code, status = "INTERNAL_ERROR", 500


class Unavailable(DomainError):
    """The database, or another thing the call cannot do without, does not answer."""

    code, status = "UNAVAILABLE", 503
    words = "The database does not answer. Nothing was saved. Try again shortly."

    def __init__(self, detail: str | None = None, *, retry_after: int = 10) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
