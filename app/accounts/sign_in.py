"""Signing in: the same steps, words and time for every name, whether or not an account has it.

What a failed attempt leaves behind (the count, the audit entry) has to be kept,
so the commands here return a refusal instead of raising it, and the functions
around them raise it once it is on record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from app.accounts import lockout, queries, queries_factors, steps
from app.accounts.errors import EnrolmentRequired, MfaRequired, WrongPassword
from app.accounts.lockout import LockRules
from app.accounts.models import Account
from app.accounts.passwords import hash_password, is_outdated, is_right
from app.accounts.queries import Candidate
from app.accounts.steps import Purpose
from app.core import audit, outbox
from app.core.actions import Action, Outcome
from app.core.database import utc_now
from app.core.errors import (
    AccountDisabled,
    AccountLocked,
    DomainError,
    EmailNotVerified,
    FieldError,
    ValidationFailed,
)
from app.core.identity import Actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command

T = TypeVar("T")
OpenDoor = Callable[[Account, Actor], T]
"""Opens a session or a family of tokens for an account that has proven itself, in the transaction in hand."""


@dataclass(frozen=True, slots=True)
class SignInRules(LockRules):
    """The lock-out, and the roles that cannot do without a second factor."""

    second_factor_roles: frozenset[str] = frozenset()


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


class PasswordReplaced(Exception):
    """The hash that was checked is no longer the account's: what was typed has to be checked against the new one."""


def sign_in(typed: SignIn, open_door: OpenDoor[T], *, rules: SignInRules, actor: Actor) -> T:
    """Check name and password and, in the transaction that records the sign-in, do `open_door`.

    Raises WrongPassword, AccountLocked, EmailNotVerified, AccountDisabled, MfaRequired, EnrolmentRequired.
    """
    try:
        proof = _prove(typed, rules=rules, actor=actor)
        known = proof.account.actor.calling(actor.channel, actor.ip, actor.request_id)
        outcome = _start(proof, open_door, rules, actor=known)
        if isinstance(outcome, DomainError):
            raise outcome
    except PasswordReplaced:
        return sign_in(typed, open_door, rules=rules, actor=actor)
    except (WrongPassword, AccountLocked, EmailNotVerified, AccountDisabled) as refusal:
        sign_in_tried("locked" if isinstance(refusal, AccountLocked) else "failure")
        raise
    sign_in_tried("success")
    return outcome


def prove_again(account_id: UUID, password: str, field: str, *, rules: LockRules, actor: Actor) -> None:
    """Check the password of somebody who is signed in, before a change that a borrowed session must not make.

    A wrong one counts as a wrong sign-in. Raises ValidationFailed at `field`, AccountLocked.
    """
    account = queries.get_account(account_id)
    digest = lockout.digest_of(lockout.canonical_name(account.email))
    if lockout.is_locked(digest) or not is_right(account.password_hash, password):
        refusal = _count_failure(digest, account_id, rules, actor=actor)
        if isinstance(refusal, WrongPassword):
            raise ValidationFailed([FieldError(field, "INVALID", "The password is not right")])
        raise refusal


def _prove(typed: SignIn, *, rules: LockRules, actor: Actor) -> Proof:
    """Check name and password, and count a wrong one. Raises WrongPassword, AccountLocked."""
    name = lockout.canonical_name(typed.name)
    digest = lockout.digest_of(name)
    account = queries.find_candidate(name, actor.channel)
    account_id = account.account_id if account else None
    if lockout.is_locked(digest) or not is_right(account.password_hash if account else None, typed.password):
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
def _start(proof: Proof, open_door: OpenDoor[T], rules: SignInRules, *, actor: Actor) -> T | DomainError:
    now = utc_now()
    subject = ("account", proof.account.account_id)
    attempts = queries.find_and_lock_attempts(proof.address_digest)
    if seconds := lockout.seconds_locked(attempts, now):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="locked")
        return AccountLocked(seconds)
    account = queries.lock_account(proof.account.account_id)
    if account.password_hash != proof.account.password_hash:
        raise PasswordReplaced
    if refusal := not_usable(account):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.DENIED, reason=refusal.code)
        return refusal
    if proof.better_hash is not None:
        account.password_hash = proof.better_hash
    if asked := _second_factor(account, proof, rules):
        # The wrong tries stay counted: who has the password alone must not clear them.
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.DENIED, reason=asked.code)
        return asked
    lockout.forget(attempts)
    return let_in(account, open_door, None, actor=actor)


def _second_factor(account: Account, proof: Proof, rules: SignInRules) -> MfaRequired | None:
    """Begin the second step where the account has one, or has to have one."""
    if queries_factors.has_second_factor(account.id):
        return MfaRequired(steps.begin(Purpose.SECOND_FACTOR, account, address_digest=proof.address_digest))
    if account.role in rules.second_factor_roles:
        return EnrolmentRequired(steps.begin(Purpose.ENROLMENT, account, address_digest=proof.address_digest))
    return None


@command(Action.SESSION_STARTED)
def let_in(account: Account, open_door: OpenDoor[T], method: str | None, *, actor: Actor) -> T:
    """Put a sign-in on record and open the door; `method` says by what beside or in place of the password."""
    account.last_login_at = utc_now()
    audit.note(Action.SESSION_STARTED, subject=("account", account.id), reason=method)
    outbox.publish("user.logged_in", subject_id=account.id)
    return open_door(account, actor)


def not_usable(account: Account) -> DomainError | None:
    """Say why an account that has proven itself may not sign in."""
    if not account.is_active:
        return AccountDisabled()
    return None if account.email_verified else EmailNotVerified()
