"""Taking single sign-on away from an account that has another way in."""

from uuid import UUID

from app.accounts import correspondence, queries, queries_factors, queries_sso
from app.accounts.ending import end_sign_ins
from app.core import audit
from app.core.actions import Action
from app.core.errors import Forbidden, NotFound
from app.core.identity import Actor
from app.core.transaction import command
from app.extensions import db

UNLINKED = "single sign-on: unlinked"


@command(Action.ACCOUNT_UPDATED)
def unlink(identity_id: UUID, account_id: UUID, *, actor: Actor) -> None:
    """Have a provider open this account no more; every other sign-in of it ends. Raises NotFound, Forbidden.

    Whoever signs in there again is found by the address, as the first time.
    """
    account = queries.lock_account(account_id)
    identity = queries_sso.find_identity_of(identity_id, account_id)
    if identity is None:
        raise NotFound
    if account.password_hash is None and not queries_factors.list_passkeys(account_id):
        raise Forbidden("This is the only way to sign in to the account. Set a password first.")
    db.session.delete(identity)
    audit.note(Action.ACCOUNT_UPDATED, subject=("account", account_id), reason=UNLINKED)
    correspondence.tell_of_change(account_id, "sign_on_unlinked")
    end_sign_ins(account_id, keep=actor.credential_id, reason=UNLINKED)
