"""Passkeys: made on the security page, and used as the second step or in place of the password.

Each challenge is kept on the server and is good for one answer.
"""

import secrets
from typing import TypeVar
from uuid import UUID

from app.accounts import lockout, queries, queries_factors, recovery_codes, steps
from app.accounts.errors import PasskeyRefused
from app.accounts.factors import PASSKEY, factor_added, factor_removed
from app.accounts.models import Account
from app.accounts.models_factors import Passkey, SignInStep
from app.accounts.relying_party import RelyingParty
from app.accounts.second_step import Check
from app.accounts.sign_in import OpenDoor, let_in, not_usable
from app.accounts.steps import Purpose
from app.accounts.webauthn_late import webauthn_checks
from app.core import audit
from app.core.actions import Action, Outcome
from app.core.database import utc_now
from app.core.errors import DomainError, InvalidToken, NotFound
from app.core.identity import Actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command
from app.extensions import db

T = TypeVar("T")
NONCE_BYTES = 32
Asked = tuple[str, str]
"""The token of a step and, as JSON, what the browser is told."""


@command(Action.MFA_ENABLED)
def begin(account_id: UUID, party: RelyingParty, *, actor: Actor) -> Asked:
    """Begin to make a passkey for an account."""
    account, nonce = queries.get_account(account_id), secrets.token_bytes(NONCE_BYTES)
    token = steps.begin(Purpose.NEW_PASSKEY, account, nonce=nonce)
    return token, webauthn_checks.creation_options(account, nonce, queries_factors.list_passkeys(account_id), party)


@command(Action.MFA_ENABLED)
def add(account_id: UUID, asked: Asked, name: str, party: RelyingParty, *, actor: Actor) -> list[str] | None:
    """Keep the passkey a browser made; `asked` is the step's token and the browser's answer.

    Return recovery codes, shown this once, where it is the account's first second factor. Every other sign-in of the
    account ends. Raises PasskeyRefused, InvalidToken, ExpiredToken.
    """
    token, answer = asked
    step = steps.hold(token, Purpose.NEW_PASSKEY)
    if isinstance(step, DomainError):
        raise step
    account = queries.lock_account(account_id)
    if not steps.is_of(step, account):
        raise InvalidToken
    made = webauthn_checks.read_registration(answer, step.nonce or b"", party)
    if made is None or queries_factors.find_and_lock_passkey(made.credential_id) is not None:
        raise PasskeyRefused("The passkey was not accepted. Try again")
    was_on = queries_factors.has_second_factor(account_id)
    db.session.add(
        Passkey(
            account_id=account_id,
            name=name,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=utc_now(),
        )
    )
    factor_added(account_id, PASSKEY, actor=actor)
    return None if was_on else recovery_codes.renew(account_id)


@command(Action.MFA_DISABLED)
def remove(passkey_id: UUID, account_id: UUID, *, is_required: bool, actor: Actor) -> None:
    """Take one passkey of an account away. See `factor_removed` for what else ends. Raises NotFound."""
    queries.lock_account(account_id)
    passkey = queries_factors.find_passkey(passkey_id, account_id)
    if passkey is None:
        raise NotFound
    db.session.delete(passkey)
    factor_removed(account_id, PASSKEY, is_required=is_required, actor=actor)


@command(Action.SESSION_STARTED)
def ask_holder(token: str, party: RelyingParty, *, actor: Actor) -> str:
    """Return what the browser asks the passkeys of whoever is at the second step. Raises InvalidToken, ExpiredToken."""
    step = steps.hold(token, Purpose.SECOND_FACTOR)
    if isinstance(step, DomainError) or step.account_id is None:
        raise step if isinstance(step, DomainError) else InvalidToken
    step.nonce = secrets.token_bytes(NONCE_BYTES)
    return webauthn_checks.request_options(step.nonce, queries_factors.list_passkeys(step.account_id), party)


def by_passkey(answer: str, party: RelyingParty) -> Check:
    """Check the answer of a passkey as the second step."""

    def check(account: Account, step: SignInStep) -> str | None:
        passkey = proven(answer, step, party)
        return PASSKEY if passkey is not None and passkey.account_id == account.id else None

    return check


@command(Action.SESSION_STARTED)
def ask_anybody(party: RelyingParty, *, actor: Actor) -> Asked:
    """Begin a sign-in without a password: whoever it is chooses one of their passkeys."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return steps.begin(Purpose.PASSKEY_SIGN_IN, nonce=nonce), webauthn_checks.request_options(nonce, (), party)


def sign_in(asked: Asked, open_door: OpenDoor[T], party: RelyingParty, *, actor: Actor) -> T:
    """Sign somebody in by a passkey alone; `asked` is the step's token and the browser's answer.

    It passes by the lock-out: a passkey cannot be guessed, so strangers' wrong passwords keep nobody out for good.
    Raises PasskeyRefused, InvalidToken, ExpiredToken, EmailNotVerified, AccountDisabled.
    """
    outcome = _judge(asked, open_door, party, actor=actor)
    if isinstance(outcome, DomainError):
        sign_in_tried("failure")
        raise outcome
    sign_in_tried("success")
    return outcome


@command(Action.SESSION_FAILED)
def _judge(asked: Asked, open_door: OpenDoor[T], party: RelyingParty, *, actor: Actor) -> T | DomainError:
    token, answer = asked
    step = steps.hold(token, Purpose.PASSKEY_SIGN_IN)
    if isinstance(step, DomainError):
        return step
    passkey = proven(answer, step, party)
    db.session.delete(step)
    if passkey is None:
        audit.note(Action.SESSION_FAILED, subject=("account", None), outcome=Outcome.FAILURE, reason=PASSKEY)
        return PasskeyRefused()
    account = queries.lock_account(passkey.account_id)
    if refusal := not_usable(account):
        subject = ("account", account.id)
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.DENIED, reason=refusal.code)
        return refusal
    lockout.clear(lockout.digest_of(lockout.canonical_name(account.email)))
    known = queries.actor_of(account, actor)
    return let_in(account, open_door, PASSKEY, actor=known)


def proven(answer: str, step: SignInStep, party: RelyingParty) -> Passkey | None:
    """Return the passkey that answered a step's challenge, and use the challenge up."""
    nonce, step.nonce = step.nonce, None
    said = webauthn_checks.parse_assertion(answer)
    if said is None or nonce is None:
        return None
    passkey = queries_factors.find_and_lock_passkey(said.raw_id)
    if passkey is None:
        return None
    proven = webauthn_checks.read_assertion(said, nonce, passkey, party)
    if proven is None or proven.user_handle not in (None, passkey.account_id.bytes):
        return None
    passkey.sign_count, passkey.last_used_at = proven.sign_count, utc_now()
    return passkey
