"""Signing in: the same steps, words and time for every name, whether or not an account has it.

What a failed attempt leaves behind (the count, the audit entry) has to be kept,
so the commands here return a refusal instead of raising it, and the functions
around them raise it once it is on record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from app.accounts import lockout, queries
from app.accounts.errors import WrongPassword
from app.accounts.lockout import LockRules
from app.accounts.models import Account
from app.accounts.passwords import hash_password, is_outdated, is_right
from app.accounts.queries import Candidate
from app.core import audit, outbox
from app.core.actions import Action, Outcome
from app.core.database import utc_now
from app.core.errors import AccountDisabled, AccountLocked, DomainError, EmailNotVerified
from app.core.identity import Actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody typed to sign in."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The right password was shown for an account; nothing has been opened by it yet."""

    account: Candidate
    address_digest: bytes
    better_hash: str | None


def sign_in(typed: SignIn, open_door: Callable[[Account, Actor], T], *, rules: LockRules, actor: Actor) -> T:
    """Check name and password and, in the transaction that records the sign-in, do `open_door`.

    Raises WrongPassword, AccountLocked, EmailNotVerified, AccountDisabled.
    """
    try:
        proof = _prove(typed, rules=rules, actor=actor)
        known = replace(proof.account.actor, channel=actor.channel, ip=actor.ip, request_id=actor.request_id)
        outcome = _start(proof, open_door, actor=known)
        if isinstance(outcome, DomainError):
            raise outcome
    except (WrongPassword, AccountLocked, EmailNotVerified, AccountDisabled) as refusal:
        sign_in_tried("locked" if isinstance(refusal, AccountLocked) else "failure")
        raise
    sign_in_tried("success")
    return outcome


def _prove(typed: SignIn, *, rules: LockRules, actor: Actor) -> Proof:
    """Check name and password, and count a wrong one. Raises WrongPassword, AccountLocked."""
    name = lockout.canonical_name(typed.name)
    digest = lockout.digest_of(name)
    account = queries.find_candidate(name, actor.channel)
    account_id = account.account_id if account else None
    is_locked = lockout.seconds_locked(queries.find_attempts(digest), utc_now()) > 0
    if is_locked or not is_right(account.password_hash if account else None, typed.password):
        raise _count_failure(digest, account_id, rules, actor=actor)
    assert account is not None  # noqa: S101 - only an account has a password that can be right
    outdated = account.password_hash is not None and is_outdated(account.password_hash)
    return Proof(account, digest, hash_password(typed.password) if outdated else None)


@command(Action.SESSION_FAILED)
def _count_failure(digest: bytes, account_id: UUID | None, rules: LockRules, *, actor: Actor) -> DomainError:
    """Record a wrong sign-in; return its refusal. Attempts are judged in the order in which they get the count."""
    now = utc_now()
    subject = ("account", account_id)
    attempts = queries.lock_attempts(digest, now)
    if seconds := lockout.seconds_locked(attempts, now):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="locked")
        return AccountLocked(seconds)
    left = lockout.count_failure(attempts, rules, now)
    audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="wrong password")
    if left == 0:
        audit.note(Action.ACCOUNT_LOCKED, subject=subject)
    return WrongPassword(left)


@command(Action.SESSION_STARTED)
def _start(proof: Proof, open_door: Callable[[Account, Actor], T], *, actor: Actor) -> T | DomainError:
    now = utc_now()
    subject = ("account", proof.account.account_id)
    attempts = queries.find_and_lock_attempts(proof.address_digest)
    if seconds := lockout.seconds_locked(attempts, now):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="locked")
        return AccountLocked(seconds)
    account = queries.lock_account(proof.account.account_id)
    if refusal := _not_usable(account):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.DENIED, reason=refusal.code)
        return refusal
    lockout.clear(proof.address_digest)
    _remember_sign_in(account, proof, now)
    audit.note(Action.SESSION_STARTED, subject=subject)
    outbox.publish("user.logged_in", subject_id=account.id)
    return open_door(account, actor)


def _not_usable(account: Account) -> DomainError | None:
    if not account.is_active:
        return AccountDisabled()
    return None if account.email_verified else EmailNotVerified()


def _remember_sign_in(account: Account, proof: Proof, now: datetime) -> None:
    account.last_login_at = now
    if proof.better_hash is not None and account.password_hash == proof.account.password_hash:
        account.password_hash = proof.better_hash
