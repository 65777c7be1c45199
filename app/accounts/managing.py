"""Managing accounts: making, changing, unlocking and removing them.

What takes an admin away takes a turn first: of two who demote each other at the
same moment the second one finds the first one's work done, and is refused.
"""

from typing import Any
from uuid import UUID

from app.accounts import ending, keys, lockout, queries, queries_accounts, recovery, service
from app.accounts.errors import LastAdmin, NameTaken
from app.accounts.models import Account
from app.accounts.presentation import digests_of
from app.accounts.revocation import forget_credentials
from app.accounts.schemas_managing import AccountInput
from app.accounts.service import NewAccount
from app.core import audit, transaction
from app.core.actions import Action
from app.core.database import utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.transaction import command
from app.core.turns import take_turn

TEXTS = ("full_name", "username", "bio")
ADMIN_TURN = "last admin"
DELETED_WORDS = "This account was deleted and stays disabled"


def add_account(data: AccountInput, *, may_invite: bool, actor: Actor) -> Account:
    """Make an account. Without a password a link to set one is mailed, where `may_invite`.

    Raises ValidationFailed, NameTaken.
    """
    password = data.given_password
    if password is None and not may_invite:
        raise ValidationFailed([FieldError("password", "REQUIRED", "Enter a password: this room mails no invitations")])
    new = NewAccount(data.email, data.role, password, data.full_name, data.username)
    account_id = service.create_account(new, actor=actor) if password is not None else _invite(new, actor=actor)
    return queries_accounts.get_account(account_id)


def _invite(new: NewAccount, *, actor: Actor) -> UUID:
    """Make an account and have the link mailed, both or neither."""

    def make() -> UUID:
        account_id = service.create_account(new, actor=actor)
        recovery.invite(account_id, actor=actor)
        return account_id

    return transaction.run(make)


def invite_again(account_id: UUID, *, actor: Actor) -> bool:
    """Have the link to set a first password mailed once more; tell whether there was still need of it.

    Raises NoSuchAccount.
    """
    account = queries_accounts.get_account(account_id)
    if account.password_hash is not None or not account.is_active:
        return False
    recovery.invite(account_id, actor=actor)
    return True


def change_account(account_id: UUID, changes: dict[str, Any], *, actor: Actor) -> Account:
    """Change an account: each kind of change is on record as what it is, all of them in one transaction.

    Raises NoSuchAccount, NameTaken, LastAdmin, ValidationFailed.
    """

    def change() -> Account:
        if "role" in changes or changes.get("is_active") is False:
            take_turn(ADMIN_TURN)
        account = queries_accounts.lock_account(account_id)
        texts: dict[str, Any] = {name: changes[name] for name in TEXTS if name in changes}
        if any(getattr(account, name) != value for name, value in texts.items()):
            _change_texts(account_id, texts, actor=actor)
        if changes.get("role", account.role) != account.role:
            _change_role(account_id, changes["role"], actor=actor)
        if changes.get("is_active", account.is_active) != account.is_active:
            (_enable if changes["is_active"] else disable_account)(account_id, actor=actor)
        return account

    return transaction.run(change)


def _name_taken(account_id: UUID, texts: dict[str, Any], *, actor: Actor) -> NameTaken | None:
    account = queries_accounts.get_account(account_id)
    taken = queries.taken_names("", texts.get("username", account.username)) & {"username"}
    return NameTaken(taken) if taken else None


@command(Action.ACCOUNT_UPDATED, refuse=_name_taken)
def _change_texts(account_id: UUID, texts: dict[str, Any], *, actor: Actor) -> None:
    account = queries_accounts.lock_account(account_id)
    for name, value in texts.items():
        setattr(account, name, value)
    forget_credentials()


@command(Action.ACCOUNT_ROLE_CHANGED)
def _change_role(account_id: UUID, role: str, *, actor: Actor) -> None:
    account = queries_accounts.lock_account(account_id)
    _keep_an_admin(account)
    account.role = role
    ending.end_sign_ins(account_id, reason="the role changed")


@command(Action.ACCOUNT_DISABLED)
def disable_account(account_id: UUID, *, actor: Actor) -> None:
    """Shut an account out at once; an admin can let it in again. Raises NoSuchAccount, LastAdmin."""
    take_turn(ADMIN_TURN)
    account = queries_accounts.lock_account(account_id)
    _keep_an_admin(account)
    account.is_active = False
    ending.end_sign_ins(account_id, reason="the account was disabled")


@command(Action.ACCOUNT_UPDATED)
def _enable(account_id: UUID, *, actor: Actor) -> None:
    account = queries_accounts.lock_account(account_id)
    if account.deleted_at is not None:
        raise ValidationFailed([FieldError("is_active", "INVALID", DELETED_WORDS)])
    account.is_active = True
    forget_credentials()


@command(Action.ACCOUNT_DELETED)
def delete_account(account_id: UUID, *, actor: Actor) -> None:
    """Disable an account for good, with its sign-ins and keys; its name in the trail stays.

    Raises NoSuchAccount, LastAdmin.
    """
    take_turn(ADMIN_TURN)
    account = queries_accounts.lock_account(account_id)
    if account.deleted_at is not None:
        return
    _keep_an_admin(account)
    account.is_active, account.deleted_at = False, utc_now()
    audit.note(Action.ACCOUNT_DELETED, subject=("account", account_id))
    ending.end_sign_ins(account_id, reason="the account was deleted")
    keys.revoke_keys_of(account_id, actor=actor)


@command(Action.ACCOUNT_UNLOCKED)
def unlock_account(account_id: UUID, *, actor: Actor) -> Account:
    """Forget the wrong sign-ins with the names of an account, so that it can sign in now. Raises NoSuchAccount."""
    account = queries_accounts.lock_account(account_id)
    cleared = [lockout.clear(digest) for digest in digests_of(account)]
    if any(cleared):
        audit.note(Action.ACCOUNT_UNLOCKED, subject=("account", account_id))
    return account


def is_last_admin(account: Account) -> bool:
    """Tell whether this is the last admin who can sign in; the caller holds the turn."""
    is_counted = account.role == "admin" and account.is_active and account.email_verified
    return is_counted and queries_accounts.count_admins(but=account.id) == 0


def _keep_an_admin(account: Account) -> None:
    """Refuse to take away the last admin who can sign in; the caller holds the turn. Raises LastAdmin."""
    if is_last_admin(account):
        raise LastAdmin
