"""What follows when a second factor comes or goes, whichever it is."""

from types import MappingProxyType
from uuid import UUID

from app.accounts import correspondence, queries_factors, recovery_codes
from app.accounts.ending import end_sign_ins
from app.core import audit
from app.core.actions import Action
from app.core.identity import Actor
from app.extensions import db

APP, PASSKEY = "authenticator app", "passkey"
_LETTERS = MappingProxyType({APP: "app", PASSKEY: "passkey"})


def factor_added(account_id: UUID, what: str, *, actor: Actor) -> None:
    """Put a new factor on record, tell its owner, and end every sign-in that did without it, but the one that acts."""
    audit.note(Action.MFA_ENABLED, subject=("account", account_id), reason=what)
    correspondence.tell_of_change(account_id, f"{_LETTERS[what]}_added")
    end_sign_ins(account_id, keep=actor.credential_id, reason="two-step sign-in was changed")


def factor_removed(account_id: UUID, what: str, *, is_required: bool, actor: Actor) -> None:
    """Put the end of a factor on record, tell its owner, and end every other sign-in.

    With the last factor the recovery codes go. Where the role needs a factor, this sign-in ends as well: the next one
    begins with setting up another.
    """
    db.session.flush()
    is_left = queries_factors.has_second_factor(account_id)
    if not is_left:
        recovery_codes.forget(account_id)
    audit.note(Action.MFA_DISABLED, subject=("account", account_id), reason=what)
    correspondence.tell_of_change(account_id, f"{_LETTERS[what]}_removed")
    keep = actor.credential_id if is_left or not is_required else None
    end_sign_ins(account_id, keep=keep, reason="two-step sign-in was changed")
