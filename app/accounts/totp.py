"""The authenticator app: codes of six digits that change every 30 seconds (RFC 6238; SHA-1, as every app has it)."""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pyotp

from app.accounts import queries, queries_factors, recovery_codes
from app.accounts.errors import MfaAlreadyOn, NothingToConfirm
from app.accounts.factors import APP, factor_added, factor_removed
from app.accounts.models_factors import Totp
from app.core.actions import Action
from app.core.database import utc_now
from app.core.errors import FieldError, NotFound, ValidationFailed
from app.core.identity import Actor
from app.core.transaction import command
from app.core.vault import vault
from app.extensions import db

ISSUER = "Record Room"
STEP_SECONDS = 30
STEPS_APART = 1
"""How many steps a phone's clock may be off, either way."""

CONFIRMED_WITHIN = timedelta(minutes=15)
"""How long a new secret waits for its first code; after that it was never there."""

_CODE = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret, in letters and as the address that apps read from a QR code. It is shown once."""

    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)


@command(Action.MFA_ENABLED)
def enrol(account_id: UUID, *, actor: Actor) -> Enrolment:
    """Make a secret for an account; it counts once a first code confirms it. Raises MfaAlreadyOn."""
    account, app = queries.get_account(account_id), queries_factors.find_and_lock_totp(account_id)
    if app is not None and app.confirmed_at is not None:
        raise MfaAlreadyOn
    if app is None:
        app = Totp(account_id=account_id)
        db.session.add(app)
    secret = pyotp.random_base32()
    app.sealed, app.created_at = vault().seal(secret.encode(), _place(account_id)), utc_now()
    return _shown(secret, account.email)


@command(Action.MFA_ENABLED)
def confirm(account_id: UUID, code: str, *, actor: Actor) -> list[str]:
    """Turn the authenticator app on by its first code; return new recovery codes, shown this once.

    Every other sign-in of the account ends. Raises NothingToConfirm, MfaAlreadyOn, ValidationFailed.
    """
    app, now = queries_factors.find_and_lock_totp(account_id), utc_now()
    if app is not None and app.confirmed_at is not None:
        raise MfaAlreadyOn
    if app is None or app.created_at + CONFIRMED_WITHIN <= now:
        raise NothingToConfirm
    step = matching_step(_secret(app), code, now)
    if step is None:
        raise ValidationFailed([FieldError("code", "INVALID", "The code is not right. Type the one the app shows now")])
    app.confirmed_at, app.last_step = now, step
    factor_added(account_id, APP, actor=actor)
    return recovery_codes.renew(account_id)


@command(Action.MFA_DISABLED)
def remove(account_id: UUID, *, is_required: bool, actor: Actor) -> None:
    """Take the authenticator app away. Every other sign-in of the account ends; see `factor_removed`. Raises NotFound.

    `is_required` says that the account's role cannot do without a second factor.
    """
    app = queries_factors.find_and_lock_totp(account_id)
    if app is None or app.confirmed_at is None:
        raise NotFound("There is no authenticator app to remove.")
    db.session.delete(app)
    factor_removed(account_id, APP, is_required=is_required, actor=actor)


def waiting(account_id: UUID, email: str) -> Enrolment | None:
    """Return the secret that waits for its first code, to show its page again after a wrong one."""
    app = queries_factors.find_totp(account_id)
    if app is None or app.confirmed_at is not None or app.created_at + CONFIRMED_WITHIN <= utc_now():
        return None
    return _shown(_secret(app), email)


def spend_code(account_id: UUID, typed: str, now: datetime) -> bool:
    """Use up the step of a typed code; tell whether it was right and not used before."""
    app = queries_factors.find_and_lock_totp(account_id)
    if app is None or app.confirmed_at is None:
        return False
    step = matching_step(_secret(app), typed, now, after=app.last_step)
    if step is None:
        return False
    app.last_step = step
    return True


def matching_step(secret: str, typed: str, now: datetime, *, after: int | None = None) -> int | None:
    """Return the step a code belongs to, if it is one around `now` and later than `after`."""
    code = canonical(typed)
    if not is_code(code):
        return None
    clock, this = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    around = range(this - STEPS_APART, this + STEPS_APART + 1)
    right = [step for step in around if hmac.compare_digest(clock.at(step * STEP_SECONDS), code)]
    return next((step for step in right if after is None or step > after), None)


def canonical(typed: str) -> str:
    """Read a code as people type it: with blanks or a hyphen in the middle."""
    return typed.replace(" ", "").replace("-", "")


def is_code(typed: str) -> bool:
    """Tell whether something typed has the shape of an app's code."""
    return _CODE.fullmatch(canonical(typed)) is not None


def _shown(secret: str, email: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def _secret(app: Totp) -> str:
    return vault().open(app.sealed, _place(app.account_id)).decode()


def _place(account_id: UUID) -> str:
    return f"totp_secrets:sealed:{account_id}"
