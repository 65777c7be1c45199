"""What tests are made of: valid people, records and accounts, all different."""

import itertools
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid4

from flask import current_app
from stdnum import verhoeff

from app.accounts import passwords, queries
from app.accounts import service as accounts
from app.accounts.access import doorkeeper
from app.accounts.families import family_opener
from app.accounts.sessions import session_opener
from app.accounts.sign_in import OpenDoor, let_in
from app.core.actions import Action
from app.core.checks import Checks
from app.core.database import utc_now
from app.core.identity import Actor, scopes_of, system_actor
from app.core.transaction import command
from app.records import service as records
from app.records.schemas import RecordInput

PASSWORD = "Monsoon-4-Teacups"
AGENT, HERE = "Werkzeug", "127.0.0.1"
T = TypeVar("T")
_numbers = itertools.count(random.randrange(10**6))
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class MadeAccount:
    """An account with the password that opens it."""

    id: UUID
    email: str
    role: str
    password: str = PASSWORD


@dataclass(frozen=True)
class MadeRecord:
    """A record as it was saved first, and what it was made from."""

    id: UUID
    version: UUID
    values: dict[str, Any]


def aadhaar(number: int) -> str:
    """Return a valid Aadhaar for a number of at most nine digits."""
    body = f"23{number:09d}"
    return body + verhoeff.calc_check_digit(body)


def pan(number: int) -> str:
    """Return the valid PAN of a person for a number."""
    number, digits = divmod(number, 9999)
    letters = []
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters.append(_LETTERS[letter])
    return f"{''.join(letters[:3])}P{letters[3]}{digits + 1:04d}K"


def record_input(**changes: Any) -> dict[str, Any]:
    """Return the fields of a valid new record, as JSON would carry them; nothing unique is ever repeated."""
    number = next(_numbers)
    values = {
        "name": "Asha Verma",
        "email": f"asha.verma.{number}@example.com",
        "primary_mobile": f"9{number:09d}",
        "secondary_mobile": None,
        "aadhaar": aadhaar(number),
        "pan": pan(number),
        "date_of_birth": "1988-04-17",
        "place_of_birth": "Nagpur",
        "current_address": "14, Temple Street, Nagpur 440001",
        "permanent_address": "Plot 7, Gandhi Nagar, Wardha 442001",
        "is_active": True,
    }
    return {**values, **changes}


def make_account(role: str = "editor", **changes: Any) -> MadeAccount:
    """Make an account that can sign in; needs an application context."""
    email = changes.pop("email", f"{role}.{next(_numbers)}@example.com")
    password = changes.pop("password", PASSWORD)
    new = accounts.NewAccount(email=email, role=role, password=password, **changes)
    account_id = accounts._insert_account(new, _hash(password, passwords._hasher), actor=system_actor())
    return MadeAccount(account_id, email, role, password)


@cache
def _hash(password: str, _at_what_cost: object) -> str:
    return passwords.hash_password(password)


def access_token(email: str) -> str:
    """Sign an account in by the API, on record, and return its access token; the password is not asked for.

    To hash it is the dearest thing the program does, and tests/accounts proves the door.
    """
    opened = _enter(family_opener(AGENT, HERE, timedelta(days=1)), actor=_who(email, "api"))
    return doorkeeper().ring.issue(opened.account_id, opened.family_id, utc_now())


def session_cookie(email: str) -> tuple[str, str]:
    """Sign an account in by the pages, on record and unasked too; return name and value of its browser's cookie."""
    opened, client = _enter(session_opener(AGENT, HERE), actor=_who(email, "screen")), current_app.test_client()
    with client.session_transaction() as kept:
        kept.update(_user_id=opened.token, _fresh=True)
    name = current_app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return name, cookie.value


def _who(email: str, channel: str) -> Actor:
    found = queries.find_candidate(email, channel)
    assert found is not None, "there is no such account"
    return replace(found.actor, ip=HERE, request_id=str(uuid4()))


@command(Action.SESSION_STARTED)
def _enter(open_door: OpenDoor[T], *, actor: Actor) -> T:
    assert actor.account_id is not None
    return let_in(queries.lock_account(actor.account_id), open_door, None, actor=actor)


def actor_of(account: MadeAccount, channel: str = "api") -> Actor:
    """Return who acts when this account has signed in."""
    return Actor(account.id, account.email, account.role, scopes_of(account.role), "account", channel, uuid4())


def make_record(actor: Actor | None = None, **changes: Any) -> MadeRecord:
    """Save a record, by an editor made for it unless told otherwise; needs an application context."""
    values = record_input(**changes)
    today = datetime.now(UTC).date()
    data = RecordInput.model_validate(values, context=Checks(today=today, allow_test_identities=True))
    record, _restored = records.create_record(data, actor=actor or actor_of(make_account("editor")))
    return MadeRecord(record.id, record.version, values)
