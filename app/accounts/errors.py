"""The refusals that only accounts give."""

from collections.abc import Iterable
from typing import ClassVar

from app.core.errors import DomainError, FieldError, InvalidCredentials, InvalidToken, NotFound

_WORDS = {"email": "Another account has this email", "username": "Another account has this username"}


class WrongPassword(InvalidCredentials):
    """No account has this name with this password. `tries_left` counts down to the lock, for every name alike."""

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__()


class WrongCode(InvalidCredentials):
    """The code of the second step is wrong, used already or past its time. `tries_left` counts down to the lock."""

    words = "The code is not right, was used already or is past its time."
    fact: ClassVar[str] = "The code is not right"

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__()


class WrongPasskey(WrongCode):
    """The passkey shown in the second step is none of this account's."""

    words = "The passkey was not accepted."
    fact = "The passkey was not accepted"


class PasskeyRefused(InvalidCredentials):
    """A passkey that was to sign somebody in is not known here, or what it says does not hold."""

    words = "The passkey was not accepted. Try again, or sign in with your password"


class MfaRequired(DomainError):
    """The password is right and a second factor is asked for; `token` is good for that step alone."""

    code, status = "MFA_REQUIRED", 401
    words = "The password is right. Send mfa_token and a code from the authenticator app to /auth/login/mfa."

    def __init__(self, token: str) -> None:
        self.token = token
        super().__init__(extra=self._shown())

    def _shown(self) -> dict[str, str]:
        return {"mfa_token": self.token}


class EnrolmentRequired(MfaRequired):
    """The role asks for a second factor and the account has none yet; it is set up on the page."""

    words = "Your role needs two-step sign-in. Sign in on the page once to set it up."

    def _shown(self) -> dict[str, str]:
        return {}


class MfaAlreadyOn(DomainError):
    """The account has an authenticator app already."""

    code, status = "MFA_ALREADY_ON", 409
    words = "An authenticator app is set up already. Remove it first to set up another one."


class NothingToConfirm(InvalidToken):
    """No authenticator app waits for its first code."""

    status = 400
    words = "There is no authenticator app to confirm, or it waited too long. Start again."


class AccountUnknown(DomainError):
    """No account has this address; said to operators at the shell only."""

    code, status = "NOT_FOUND", 404
    words = "No account has this email."


class NoSuchAccount(NotFound):
    """No account has this id."""

    words = "There is no such account."


class NoSuchKey(NotFound):
    """No API key has this id, or it was revoked."""

    words = "There is no such API key, or it was revoked."


class NoSuchSession(NotFound):
    """No sign-in of this account has this id, or it has ended."""

    words = "There is no such sign-in, or it has ended."


class LastAdmin(DomainError):
    """Without this account nobody could manage accounts any more."""

    code, status = "LAST_ADMIN", 409
    words = "This is the last admin. Make another one first."


class NameTaken(DomainError):
    """Another account has the e-mail or the username."""

    code, status = "DUPLICATE_EMAIL", 409
    words = "Another account has this email or username."

    def __init__(self, fields: Iterable[str]) -> None:
        taken = sorted(fields)
        self.code = f"DUPLICATE_{taken[0].upper()}"
        super().__init__(errors=[FieldError(field, f"DUPLICATE_{field.upper()}", _WORDS[field]) for field in taken])
