"""Signing in by somebody who signed in elsewhere: whose account it is, which role it has, and the session.

The first time the account is found by the address, which the provider has to have verified; from then on by the
provider's own name for the person, so that an address given to somebody else there opens nothing here.

It passes by the lock-out, as passkeys do: what the provider says cannot be guessed. A second factor of the account, or
one that its role needs, is asked for as after a password, unless the provider says that one was shown there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from app.accounts import correspondence, ending, lockout, managing, queries, queries_factors, queries_sso, steps
from app.accounts.credentials import digest
from app.accounts.errors import EnrolmentRequired, MfaRequired
from app.accounts.errors_sso import NO_ADDRESS, OTHER_PERSON, UNKNOWN, JourneyOver, NotLetIn
from app.accounts.models import Account
from app.accounts.models_factors import SignInStep
from app.accounts.models_sso import AccountIdentity
from app.accounts.sign_in import OpenDoor, let_in, not_usable
from app.accounts.sso_provider import Identity
from app.accounts.steps import Purpose
from app.core import audit, outbox
from app.core.actions import Action, Outcome
from app.core.database import new_id, utc_now
from app.core.errors import AccountDisabled, DomainError, EmailNotVerified
from app.core.identity import ROLES, Actor, system_actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command
from app.core.turns import take_turn
from app.extensions import db

T = TypeVar("T")
SINGLE_SIGN_ON = "single sign-on"
NEWCOMER = "member"


@dataclass(frozen=True, slots=True)
class JoiningRules:
    """Who gets in, as what. `roles` gives the role of each group, and is None where roles are given here alone."""

    second_factor_roles: frozenset[str]
    may_join: bool
    roles: Mapping[str, str] | None = None

    def role_of(self, identity: Identity) -> str | None:
        """Return the role the provider's groups give somebody: the highest, or that of a newcomer."""
        if self.roles is None:
            return None
        given = {self.roles[group] for group in identity.groups if group in self.roles}
        return max(given, key=ROLES.index, default=NEWCOMER)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back from the provider by a journey of this browser."""

    identity: Identity
    handle: str


def sign_in(arrival: Arrival, open_door: OpenDoor[T], rules: JoiningRules, *, actor: Actor) -> T:
    """Sign in whoever the provider vouches for and, in the same transaction, do `open_door`.

    Raises JourneyOver, NotLetIn, AccountDisabled, EmailNotVerified, MfaRequired, EnrolmentRequired.
    """
    outcome = _judge(arrival, open_door, rules, actor=actor)
    if isinstance(outcome, DomainError):
        if isinstance(outcome, NotLetIn | AccountDisabled | EmailNotVerified):
            sign_in_tried("failure")
        raise outcome
    sign_in_tried("success")
    return outcome


@command(Action.SESSION_FAILED)
def note_failure(reason: str, *, actor: Actor) -> None:
    """Put on record that a journey of this browser ended without a sign-in."""
    said = f"{SINGLE_SIGN_ON}: {reason}"
    audit.note(Action.SESSION_FAILED, subject=("account", None), outcome=Outcome.FAILURE, reason=said)
    sign_in_tried("failure")


@command(Action.SESSION_FAILED)
def _judge(arrival: Arrival, open_door: OpenDoor[T], rules: JoiningRules, *, actor: Actor) -> T | DomainError:
    identity = arrival.identity
    if rules.roles is not None:
        take_turn(managing.ADMIN_TURN)  # before any account is held, as everybody does who may take an admin away
    if not _spend(arrival.handle):
        return JourneyOver()
    whose = _account_of(identity, rules, actor=actor)
    if isinstance(whose, DomainError):
        return _refused(whose, None)
    if refusal := not_usable(queries.lock_account(whose)):
        return _refused(refusal, whose)
    _follow_role(whose, rules.role_of(identity), actor=actor)
    account = queries.lock_account(whose)
    if asked := _second_factor(account, identity, rules):
        return _refused(asked, whose)
    lockout.clear(lockout.digest_of(lockout.canonical_name(account.email)))
    known = queries.actor_of(account, actor)
    return let_in(account, open_door, SINGLE_SIGN_ON, actor=known)


def _spend(handle: str) -> bool:
    """Use a journey up; tell whether it was still good. Of two at once, the key lets only one write the row."""
    spent = digest(handle)
    if queries_factors.find_and_lock_step(spent) is not None:
        return False
    expires_at = utc_now() + steps.LIFETIME * 2
    db.session.add(SignInStep(token_hash=spent, purpose=Purpose.SINGLE_SIGN_ON, expires_at=expires_at))
    return True


def _refused(refusal: DomainError, account_id: UUID | None) -> DomainError:
    why = refusal.reason if isinstance(refusal, NotLetIn) else refusal.code
    reason = f"{SINGLE_SIGN_ON}: {why}"
    audit.note(Action.SESSION_FAILED, subject=("account", account_id), outcome=Outcome.DENIED, reason=reason)
    return refusal


def _account_of(identity: Identity, rules: JoiningRules, *, actor: Actor) -> UUID | DomainError:
    now = utc_now()
    linked = queries_sso.find_and_lock_identity(identity.issuer, identity.subject)
    if linked is not None:
        linked.last_used_at = now
        return linked.account_id
    account_id = _found_by_address(identity, rules, actor=actor)
    if isinstance(account_id, UUID):
        link = {"account_id": account_id, "issuer": identity.issuer, "subject": identity.subject}
        db.session.add(AccountIdentity(**link, created_at=now, last_used_at=now))
    return account_id


def _found_by_address(identity: Identity, rules: JoiningRules, *, actor: Actor) -> UUID | DomainError:
    if identity.email is None:
        return NotLetIn(NO_ADDRESS, "no verified address")
    account_id = queries.find_account_id(identity.email)
    if account_id is None:
        if not rules.may_join:
            return NotLetIn(UNKNOWN, "no account")
        return _join(identity, identity.email, rules.role_of(identity) or NEWCOMER, actor=actor)
    account = queries.lock_account(account_id)
    if not account.is_active:
        return AccountDisabled()
    if queries_sso.has_identity(account_id, identity.issuer):
        return NotLetIn(OTHER_PERSON, "the account belongs to somebody else there")
    audit.note(Action.ACCOUNT_UPDATED, subject=("account", account_id), reason=f"{SINGLE_SIGN_ON}: linked")
    correspondence.tell_of_change(account_id, "sign_on_linked")
    if not account.email_verified:
        _prove_address(account_id, actor=actor)
    return account_id


@command(Action.ACCOUNT_REGISTERED)
def _join(identity: Identity, email: str, role: str, *, actor: Actor) -> UUID:
    """Make the account of somebody nobody knew."""
    account = Account(
        id=new_id(),
        email=email,
        full_name=identity.name,
        role=role,
        is_active=True,
        email_verified=True,
        created_at=utc_now(),
    )
    db.session.add(account)
    db.session.flush()
    outbox.publish("user.registered", subject_id=account.id)
    return account.id


@command(Action.ACCOUNT_EMAIL_VERIFIED)
def _prove_address(account_id: UUID, *, actor: Actor) -> None:
    """Take the provider's word for an address. Whoever chose the password never proved theirs, so it goes."""
    account = queries.lock_account(account_id)
    account.email_verified, account.password_hash = True, None
    outbox.publish("user.email_verified", subject_id=account_id)
    ending.end_sign_ins(account_id, reason=SINGLE_SIGN_ON)


def _follow_role(account_id: UUID, role: str | None, *, actor: Actor) -> None:
    """Give the account the role the provider's groups stand for; the last admin stays one."""
    if role is None or queries.get_account(account_id).role == role:
        return
    account = queries.lock_account(account_id)
    if managing.is_last_admin(account):
        said = f"{SINGLE_SIGN_ON}: this is the last admin"
        audit.note(Action.ACCOUNT_ROLE_CHANGED, subject=("account", account_id), outcome=Outcome.DENIED, reason=said)
        return
    giver = replace(system_actor(actor.channel), name="Single sign-on", ip=actor.ip, request_id=actor.request_id)
    managing.change_account(account_id, {"role": role}, actor=giver)


def _second_factor(account: Account, identity: Identity, rules: JoiningRules) -> MfaRequired | None:
    if identity.has_second_factor:
        return None
    if queries_factors.has_second_factor(account.id):
        return MfaRequired(steps.begin(Purpose.SECOND_FACTOR, account))
    if account.role in rules.second_factor_roles:
        return EnrolmentRequired(steps.begin(Purpose.ENROLMENT, account))
    return None
