"""The refusals that only accounts give."""

from collections.abc import Iterable

from app.core.errors import DomainError, FieldError, InvalidCredentials

_WORDS = {"email": "Another account has this email", "username": "Another account has this username"}


class WrongPassword(InvalidCredentials):
    """No account has this name with this password. `tries_left` counts down to the lock, for every name alike."""

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__()


class AccountUnknown(DomainError):
    """No account has this address; said to operators at the shell only."""

    code, status = "NOT_FOUND", 404
    words = "No account has this email."


class NameTaken(DomainError):
    """Another account has the e-mail or the username."""

    code, status = "DUPLICATE_EMAIL", 409
    words = "Another account has this email or username."

    def __init__(self, fields: Iterable[str]) -> None:
        taken = sorted(fields)
        self.code = f"DUPLICATE_{taken[0].upper()}"
        super().__init__(errors=[FieldError(field, f"DUPLICATE_{field.upper()}", _WORDS[field]) for field in taken])
