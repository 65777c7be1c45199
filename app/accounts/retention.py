"""What of signing in is kept for how long."""

from datetime import datetime

from app.accounts import queries_remembered
from app.accounts.lockout import FORGOTTEN_AFTER
from app.accounts.models import SignInAttempts
from app.accounts.models_factors import SignInStep
from app.accounts.models_remembered import RememberedBrowser, RememberToken
from app.core import purging
from app.core.database import table_of


def purge(now: datetime) -> int:
    """Remove what leads nowhere any more: counts of wrong sign-ins, steps nobody finished, browsers remembered once."""
    table = table_of(SignInAttempts)
    is_unlocked = table.c.locked_until.is_(None) | (table.c.locked_until <= now)
    steps = table_of(SignInStep)
    unfinished = purging.remove(steps, steps.c.expires_at <= now)
    return (
        unfinished
        + _unremembered(now)
        + purging.remove(table, (table.c.last_failed_at < now - FORGOTTEN_AFTER) & is_unlocked)
    )


def _unremembered(now: datetime) -> int:
    browsers = table_of(RememberedBrowser)
    purging.remove(table_of(RememberToken), queries_remembered.is_token_over(now))
    return purging.remove(browsers, browsers.c.expires_at <= now)
