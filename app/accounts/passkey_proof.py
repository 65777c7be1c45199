"""A passkey in place of the password, when somebody who has signed in is asked once more who they are."""

import secrets
from uuid import UUID

from app.accounts import queries, queries_factors, steps
from app.accounts.errors import PasskeyRefused
from app.accounts.factors import PASSKEY
from app.accounts.passkeys import NONCE_BYTES, Asked, proven
from app.accounts.relying_party import RelyingParty
from app.accounts.steps import Purpose
from app.accounts.webauthn_late import webauthn_checks
from app.core import audit
from app.core.actions import Action, Outcome
from app.core.errors import DomainError
from app.core.identity import Actor
from app.core.transaction import command
from app.extensions import db


@command(Action.SESSION_FAILED)
def ask_owner(account_id: UUID, party: RelyingParty, *, actor: Actor) -> Asked:
    """Return what the browser asks the passkeys of an account that has signed in, and the token of the step."""
    account, nonce = queries.get_account(account_id), secrets.token_bytes(NONCE_BYTES)
    options = webauthn_checks.request_options(nonce, queries_factors.list_passkeys(account_id), party)
    return steps.begin(Purpose.PROOF, account, nonce=nonce), options


def prove(account_id: UUID, asked: Asked, party: RelyingParty, *, actor: Actor) -> None:
    """Check the answer of a passkey; `asked` is the step's token and that answer.

    Raises PasskeyRefused, InvalidToken, ExpiredToken.
    """
    refusal = _judge(account_id, asked, party, actor=actor)
    if refusal is not None:
        raise refusal


@command(Action.SESSION_FAILED)
def _judge(account_id: UUID, asked: Asked, party: RelyingParty, *, actor: Actor) -> DomainError | None:
    """Return the refusal instead of raising it: the challenge is used up by any answer."""
    token, answer = asked
    step = steps.hold(token, Purpose.PROOF)
    if isinstance(step, DomainError):
        return step
    is_own = steps.is_of(step, queries.lock_account(account_id))
    passkey = proven(answer, step, party)
    db.session.delete(step)
    if is_own and passkey is not None and passkey.account_id == account_id:
        return None
    audit.note(Action.SESSION_FAILED, subject=("account", account_id), outcome=Outcome.FAILURE, reason=PASSKEY)
    return PasskeyRefused()
