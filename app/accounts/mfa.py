"""Two-step sign-in as a whole: what an account has of it, new recovery codes, and taking all of it away."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete

from app.accounts import correspondence, queries, queries_factors, recovery_codes
from app.accounts.ending import end_sign_ins
from app.accounts.models_factors import Passkey, Totp
from app.core import audit
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.identity import Actor
from app.core.transaction import command
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account has beside its password."""

    app: bool
    passkeys: int
    recovery_codes: int

    @property
    def is_on(self) -> bool:
        """Tell whether signing in by password takes a second step."""
        return self.app or self.passkeys > 0


def factors_of(account_id: UUID) -> Factors:
    """Return what an account has beside its password."""
    app = queries_factors.find_totp(account_id)
    is_on = app is not None and app.confirmed_at is not None
    keys = len(queries_factors.list_passkeys(account_id))
    return Factors(is_on, keys, queries_factors.count_recovery_codes(account_id))


@command(Action.MFA_ENABLED)
def renew_recovery_codes(account_id: UUID, *, actor: Actor) -> list[str]:
    """Give an account new recovery codes in place of the old ones. Raises NotFound where nothing needs recovery."""
    queries.lock_account(account_id)
    if not queries_factors.has_second_factor(account_id):
        raise NotFound("Two-step sign-in is off.")
    audit.note(Action.MFA_ENABLED, subject=("account", account_id), reason="new recovery codes")
    correspondence.tell_of_change(account_id, "codes_renewed")
    return recovery_codes.renew(account_id)


@command(Action.MFA_DISABLED)
def reset(account_id: UUID, *, actor: Actor) -> None:
    """Take every second factor of an account away and end all its sign-ins, for an owner who lost them."""
    queries.lock_account(account_id)
    was_on = queries_factors.has_second_factor(account_id)
    for model in (Totp, Passkey):
        own = delete(model).where(model.account_id == account_id)
        db.session.execute(own, execution_options={"synchronize_session": False})
    recovery_codes.forget(account_id)
    if was_on:
        audit.note(Action.MFA_DISABLED, subject=("account", account_id), reason="reset")
        correspondence.tell_of_change(account_id, "factors_reset")
    end_sign_ins(account_id, reason="two-step sign-in was reset")
