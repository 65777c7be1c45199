"""The second step of signing in: a code or a passkey, judged and counted as passwords are.

A failed try has to be kept on record, so the command returns its refusal and the function around it raises it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.accounts import lockout, queries, recovery_codes, steps, totp
from app.accounts.errors import WrongCode
from app.accounts.factors import APP
from app.accounts.models import Account, SignInAttempts
from app.accounts.models_factors import SignInStep
from app.accounts.sign_in import OpenDoor, SignInRules, let_in, not_usable
from app.accounts.steps import Purpose
from app.core import audit
from app.core.actions import Action, Outcome
from app.core.database import utc_now
from app.core.errors import AccountDisabled, AccountLocked, DomainError, EmailNotVerified, InvalidToken
from app.core.identity import Actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command
from app.extensions import db

T = TypeVar("T")
Check = Callable[[Account, SignInStep], "str | None"]
"""Tells by which means the second step was passed; None when it was not."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try at the second step of the sign-in that `token` stands for."""

    token: str
    check: Check
    refusal: type[WrongCode] = WrongCode


def by_code(typed: str) -> Check:
    """Check a code of the authenticator app, or else a recovery code."""

    def check(account: Account, _step: SignInStep) -> str | None:
        now = utc_now()
        if totp.is_code(typed):
            return APP if totp.spend_code(account.id, typed, now) else None
        return "recovery code" if recovery_codes.spend(account.id, typed, now) else None

    return check


def finish(attempt: Attempt, open_door: OpenDoor[T], *, rules: SignInRules, actor: Actor) -> T:
    """Pass the second step and, in the same transaction, do `open_door`.

    Raises InvalidToken, ExpiredToken, WrongCode, AccountLocked, EmailNotVerified, AccountDisabled.
    """
    outcome = _judge(attempt, open_door, rules, actor=actor)
    if isinstance(outcome, DomainError):
        if isinstance(outcome, WrongCode | AccountLocked | EmailNotVerified | AccountDisabled):
            sign_in_tried("locked" if isinstance(outcome, AccountLocked) else "failure")
        raise outcome
    sign_in_tried("success")
    return outcome


@command(Action.SESSION_FAILED)
def _judge(attempt: Attempt, open_door: OpenDoor[T], rules: SignInRules, *, actor: Actor) -> T | DomainError:
    step, now = steps.hold(attempt.token, Purpose.SECOND_FACTOR), utc_now()
    if isinstance(step, DomainError) or step.account_id is None:
        return step if isinstance(step, DomainError) else InvalidToken()
    holder = queries.get_account(step.account_id)
    # Counted under the account's own address, whichever name was typed: a second name is no second set of tries.
    own_digest = lockout.digest_of(lockout.canonical_name(holder.email))
    attempts = queries.lock_attempts(own_digest, now)
    account = queries.lock_account(step.account_id)
    if refusal := _barred(step, account, attempts, now):
        return refusal
    method = attempt.check(account, step)
    if method is None:
        return attempt.refusal(_count(account, attempts, rules, now))
    for address_digest in {own_digest, step.address_digest or own_digest}:
        lockout.clear(address_digest)
    db.session.delete(step)
    known = queries.actor_of(account, actor)
    return let_in(account, open_door, method, actor=known)


def _barred(step: SignInStep, account: Account, attempts: SignInAttempts, now: datetime) -> DomainError | None:
    subject = ("account", account.id)
    if seconds := lockout.seconds_locked(attempts, now):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="locked")
        return AccountLocked(seconds)
    if refusal := not_usable(account):
        audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.DENIED, reason=refusal.code)
        return refusal
    return None if steps.is_of(step, account) else InvalidToken()


def _count(account: Account, attempts: SignInAttempts, rules: SignInRules, now: datetime) -> int:
    subject = ("account", account.id)
    left = lockout.count_failure(attempts, rules, now)
    audit.note(Action.SESSION_FAILED, subject=subject, outcome=Outcome.FAILURE, reason="wrong second factor")
    if left == 0:
        audit.note(Action.ACCOUNT_LOCKED, subject=subject)
    return left
