"""Getting a password: by an invitation, by a link for who forgot it, or by changing the one in use."""

from uuid import UUID

from app.accounts import ending, lockout, queries, queries_factors
from app.accounts.correspondence import INVITATION, PASSWORD_CHANGED, PASSWORD_LINK, RESET_PASSWORD, holder_of
from app.accounts.lockout import LockRules
from app.accounts.models import Account
from app.accounts.passwords import Owner, hash_password, weakness
from app.accounts.presentation import digests_of
from app.accounts.sign_in import prove_again
from app.core import audit, letters, links, outbox
from app.core.actions import Action, Outcome
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.links import Link
from app.core.settings import settings
from app.core.transaction import command, run


def invite(account_id: UUID, *, actor: Actor) -> None:
    """Have the link to set a first password mailed to an account that has none."""
    run(lambda: letters.post(INVITATION, subject_id=account_id, to=queries.get_account(account_id).email))


@command(Action.PASSWORD_RESET_REQUESTED)
def forgot(email: str, *, actor: Actor) -> None:
    """Have the link to set another password mailed. The work is the same whether or not an account has the address."""
    account_id = queries.find_account_id(email)
    outcome = Outcome.FAILURE if account_id is None else Outcome.SUCCESS
    audit.note(Action.PASSWORD_RESET_REQUESTED, subject=("account", account_id), outcome=outcome)
    letters.post(RESET_PASSWORD, subject_id=account_id, to=email)


def find_link(token: str) -> tuple[Link, Account]:
    """Return a link that can still set a password, and whose it is; nothing changes. Raises LinkVoid, LinkLate."""
    link = links.find(PASSWORD_LINK, token)
    return link, holder_of(link)


def reset(token: str, password: str, *, actor: Actor) -> None:
    """Set another password by a link: all that was signed in ends, and the address counts as proven.

    Raises LinkVoid, LinkLate, ValidationFailed.
    """
    link, account = find_link(token)
    _require_strength(account, password, "password")
    _reset(link, hash_password(password), actor=actor)


@command(Action.PASSWORD_RESET)
def _reset(link: Link, password_hash: str, *, actor: Actor) -> None:
    queries.lock_account(link.subject_id)
    account = holder_of(link)
    links.use_up(link)
    audit.note(Action.PASSWORD_RESET, subject=("account", account.id))
    account.password_hash = password_hash
    if not account.email_verified:
        account.email_verified = True
        outbox.publish("user.email_verified", subject_id=account.id)
    for digest in digests_of(account):
        lockout.clear(digest)
    ending.end_sign_ins(account.id, reason="the password was reset")
    letters.post(PASSWORD_CHANGED, subject_id=account.id, to=account.email)


def change(current: str, password: str, *, rules: LockRules, actor: Actor) -> None:
    """Set another password in place of the one in use; every other sign-in of the account ends.

    Raises ValidationFailed, AccountLocked.
    """
    account_id = actor.account_id
    assert account_id is not None  # noqa: S101 - the door lets in who has signed in
    prove_again(account_id, current, "current_password", rules=rules, actor=actor)
    _require_strength(queries.get_account(account_id), password, "new_password")
    _change(account_id, hash_password(password), actor=actor)


@command(Action.PASSWORD_CHANGED)
def _change(account_id: UUID, password_hash: str, *, actor: Actor) -> None:
    account = queries.lock_account(account_id)
    audit.note(Action.PASSWORD_CHANGED, subject=("account", account_id))
    account.password_hash = password_hash
    ending.end_sign_ins(account_id, keep=actor.credential_id, reason="the password was changed")
    letters.post(PASSWORD_CHANGED, subject_id=account_id, to=account.email)


def _require_strength(account: Account, password: str, field: str) -> None:
    owner = Owner(account.email, account.username, account.full_name)
    has_factor = queries_factors.has_second_factor(account.id)
    fault = weakness(password, owner, settings().password_policy, has_second_factor=has_factor)
    if fault is not None:
        raise ValidationFailed([FieldError(field, "WEAK_PASSWORD", fault)])
