"""What of signing in is kept for how long."""

from datetime import datetime

from app.accounts.lockout import FORGOTTEN_AFTER
from app.accounts.models import SignInAttempts
from app.accounts.models_factors import SignInStep
from app.core import purging
from app.core.database import table_of


def purge(now: datetime) -> int:
    """Remove the counts of wrong sign-ins that lead nowhere any more, and the steps nobody finished in time."""
    table = table_of(SignInAttempts)
    is_unlocked = table.c.locked_until.is_(None) | (table.c.locked_until <= now)
    steps = table_of(SignInStep)
    unfinished = purging.remove(steps, steps.c.expires_at <= now)
    return unfinished + purging.remove(table, (table.c.last_failed_at < now - FORGOTTEN_AFTER) & is_unlocked)
