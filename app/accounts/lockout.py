"""The lock-out: how many wrong sign-ins a typed address may have, and for how long it is shut after them.

It is counted for every typed address alike, so that a lock tells nobody whether
an account is there, and in the database, so that it is exact on every worker.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from app.accounts import queries
from app.accounts.models import SignInAttempts
from app.core.database import utc_now
from app.core.vault import vault
from app.extensions import db

FORGOTTEN_AFTER = timedelta(hours=24)
"""Wrong sign-ins that never led to a lock are forgotten when none follows for this long."""


@dataclass(frozen=True, slots=True)
class LockRules:
    """How many wrong sign-ins lead to a lock, and how long it lasts."""

    max_failures: int
    duration: timedelta


def canonical_name(typed: str) -> str:
    """Return a typed e-mail or username as it is looked up and counted.

    Names are ASCII as they are stored. What folding alone would make ASCII (the Kelvin sign, ß) is another name.
    """
    name = typed.strip()
    folded = unicodedata.normalize("NFC", name).casefold()
    return name if folded.isascii() and not name.isascii() else folded


def digest_of(name: str) -> bytes:
    """Return the keyed digest that stands for a typed address in the database."""
    return vault().mac("sign-in address", name.encode("utf-8", "surrogatepass"))


def is_locked(address_digest: bytes) -> bool:
    """Tell whether a typed address is locked, as far as can be seen without holding its count."""
    return _seconds_until(queries.find_lock(address_digest), utc_now()) > 0


def seconds_locked(attempts: SignInAttempts | None, now: datetime) -> int:
    """Return for how many seconds a typed address is still locked; 0 when it is not."""
    return _seconds_until(attempts.locked_until if attempts is not None else None, now)


def _seconds_until(moment: datetime | None, now: datetime) -> int:
    return 0 if moment is None or moment <= now else ceil((moment - now).total_seconds())


def count_failure(attempts: SignInAttempts, rules: LockRules, now: datetime) -> int:
    """Count a wrong sign-in on a row that is held; return how many are left before the lock."""
    lock_is_over = attempts.locked_until is not None
    if lock_is_over or now - attempts.last_failed_at > FORGOTTEN_AFTER:
        attempts.failures, attempts.locked_until = 0, None
    attempts.failures += 1
    attempts.last_failed_at = now
    left = max(0, rules.max_failures - attempts.failures)
    if left == 0:
        attempts.locked_until = now + rules.duration
    return left


def clear(address_digest: bytes) -> bool:
    """Forget the wrong sign-ins with a typed address; tell whether there were any."""
    attempts = queries.find_and_lock_attempts(address_digest)
    forget(attempts)
    return attempts is not None


def forget(attempts: SignInAttempts | None) -> None:
    """Forget wrong sign-ins whose count is held."""
    if attempts is not None:
        db.session.delete(attempts)
