"""An account as the pages show it: its name, its state in words, and the one action the state asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts import queries_accounts
from app.accounts.models import Account
from app.accounts.presentation import shown_accounts
from app.accounts.queries import name_of
from app.accounts.schemas import AccountOutput
from app.core.identity import ROLES
from app.core.presenting import clock, day

ROLE_WORDS = {role: role.capitalize() for role in ROLES}


@dataclass(frozen=True, slots=True)
class State:
    """The state of an account as a badge."""

    tone: str
    words: str
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with what a page says about it. `action` is manage, unlock, invite or nothing."""

    account: AccountOutput
    name: str
    role: str
    state: State
    action: str
    is_invited: bool
    is_deleted: bool
    is_last_admin: bool


def rows_of(accounts: Sequence[Account]) -> list[AccountRow]:
    """Return accounts as the pages show them."""
    is_one = queries_accounts.count_admins() == 1
    return [_row(account, shown, is_one) for account, shown in zip(accounts, shown_accounts(accounts), strict=True)]


def _row(account: Account, shown: AccountOutput, is_one_admin: bool) -> AccountRow:
    is_invited = account.password_hash is None and not account.email_verified
    is_able_admin = account.role == "admin" and account.is_active and account.email_verified
    return AccountRow(
        shown,
        name_of(account),
        ROLE_WORDS[account.role],
        _state(shown, is_invited=is_invited),
        _action(shown, is_invited=is_invited),
        is_invited,
        account.deleted_at is not None,
        is_able_admin and is_one_admin,
    )


def _state(shown: AccountOutput, *, is_invited: bool) -> State:
    if not shown.is_active:
        return State("mute", "Disabled")
    if shown.locked_until is not None:
        return State("bad", f"Locked until {clock(shown.locked_until)}", "lock")
    if is_invited:
        return State("info", f"Invited {day(shown.created_at).rpartition(' ')[0]}")
    return State("ok", "Active") if shown.email_verified else State("warn", "Not verified")


def _action(shown: AccountOutput, *, is_invited: bool) -> str:
    if not shown.is_active:
        return ""
    if shown.locked_until is not None:
        return "unlock"
    return "invite" if is_invited else "manage"
