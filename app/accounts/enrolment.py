"""Setting up a second factor in the middle of a sign-in, for roles that cannot do without one."""

from typing import TypeVar

from app.accounts import queries, steps, totp
from app.accounts.factors import APP
from app.accounts.models import Account
from app.accounts.models_factors import SignInStep
from app.accounts.sign_in import OpenDoor, let_in, not_usable
from app.accounts.steps import Purpose
from app.accounts.totp import Enrolment
from app.core.actions import Action
from app.core.errors import DomainError, InvalidToken
from app.core.identity import Actor
from app.core.transaction import command

T = TypeVar("T")


@command(Action.MFA_ENABLED)
def begin(token: str, *, actor: Actor) -> Enrolment:
    """Make the secret of an authenticator app for whoever has shown the password.

    Raises InvalidToken, ExpiredToken, MfaAlreadyOn, EmailNotVerified, AccountDisabled.
    """
    account = _holder(steps.hold(token, Purpose.ENROLMENT))
    return totp.enrol(account.id, actor=queries.actor_of(account, actor))


def waiting(token: str) -> Enrolment | None:
    """Return the secret that waits for its first code, to show its page again."""
    step = steps.find(token, Purpose.ENROLMENT)
    if isinstance(step, DomainError) or step.account_id is None:
        return None
    return totp.waiting(step.account_id, queries.get_account(step.account_id).email)


@command(Action.SESSION_STARTED)
def finish(token: str, code: str, open_door: OpenDoor[T], *, actor: Actor) -> tuple[T, list[str]]:
    """Confirm the app by its first code and sign its owner in; return the recovery codes too, shown this once.

    Raises ValidationFailed at `code`, NothingToConfirm, and as `begin`.
    """
    account = _holder(steps.hold(token, Purpose.ENROLMENT))
    known = queries.actor_of(account, actor)
    codes = totp.confirm(account.id, code, actor=known)
    return let_in(account, open_door, APP, actor=known), codes


def _holder(step: SignInStep | DomainError) -> Account:
    if isinstance(step, DomainError):
        raise step
    if step.account_id is None:
        raise InvalidToken
    account = queries.lock_account(step.account_id)
    if not steps.is_of(step, account):
        raise InvalidToken
    if refusal := not_usable(account):
        raise refusal
    return account
