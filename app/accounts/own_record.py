"""The record that has an account's proven address. Records know accounts and not the other way round, so they
tell here how it is found."""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, current_app

from app.accounts.models import Account
from app.core.identity import Actor

FindByEmail = Callable[[str, Actor], Any]


def find_own_record_by(app: Flask, find: FindByEmail) -> None:
    """Have the record of an address found by `find`, which also notes that the actor has seen it."""
    app.extensions["own_record"] = find


def own_record_of(account: Account, actor: Actor) -> Any:
    """Return the masked record of an account's own address, once that is proven; None where there is none."""
    find = cast("FindByEmail | None", current_app.extensions.get("own_record"))
    return find(account.email, actor) if find is not None and account.email_verified else None
