"""The steps between a first proof and a sign-in: a random token for the browser or program, its digest for us."""

from datetime import datetime, timedelta
from enum import StrEnum

from app.accounts import queries_factors
from app.accounts.credentials import digest, new_token
from app.accounts.models import Account
from app.accounts.models_factors import SignInStep
from app.core.database import utc_now
from app.core.errors import DomainError, ExpiredToken, InvalidToken
from app.extensions import db

LIFETIME = timedelta(minutes=10)


class Purpose(StrEnum):
    """What a step waits for; a token is good for its own purpose only."""

    SECOND_FACTOR = "second_factor"
    ENROLMENT = "enrolment"
    PASSKEY_SIGN_IN = "passkey_sign_in"
    NEW_PASSKEY = "new_passkey"
    SINGLE_SIGN_ON = "single_sign_on"
    PROOF = "proof"


def begin(
    purpose: Purpose, account: Account | None = None, *, address_digest: bytes | None = None, nonce: bytes | None = None
) -> str:
    """Begin a step in the transaction in hand and return its token."""
    now, token = utc_now(), new_token()
    step = SignInStep(
        token_hash=digest(token),
        purpose=purpose,
        account_id=account.id if account else None,
        address_digest=address_digest,
        password_digest=_password_digest(account),
        nonce=nonce,
        expires_at=now + LIFETIME,
    )
    db.session.add(step)
    return token


def hold(token: str, purpose: Purpose) -> SignInStep | DomainError:
    """Return a step and hold it until the transaction ends, or the refusal of its token."""
    step = queries_factors.find_and_lock_step(digest(token))
    return _judged(step, purpose, utc_now())


def find(token: str, purpose: Purpose) -> SignInStep | DomainError:
    """Return a step as a page may show it, or the refusal of its token."""
    return _judged(queries_factors.find_step(digest(token)), purpose, utc_now())


def is_of(step: SignInStep, account: Account) -> bool:
    """Tell whether the account still has the password it had when the step began."""
    return step.account_id == account.id and step.password_digest == _password_digest(account)


def _judged(step: SignInStep | None, purpose: Purpose, now: datetime) -> SignInStep | DomainError:
    if step is None or step.purpose != purpose:
        return InvalidToken()
    return step if step.expires_at > now else ExpiredToken()


def _password_digest(account: Account | None) -> bytes | None:
    return digest(account.password_hash) if account is not None and account.password_hash is not None else None
