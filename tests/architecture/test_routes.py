from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.core.actions import Action
from app.core.audit import AuditEntry
from app.core.doors import doors
from app.core.identity import ALL_SCOPES
from app.extensions import db

SAFE = {"GET", "HEAD", "OPTIONS"}
NOTES_OF_USE = {"record_views", "audit_values"}
"""That somebody looked is noted a moment later, off this path; every other entry of the trail counts."""


def test_every_route_says_who_may_pass(built_app: Flask) -> None:
    open_doors = [f"{endpoint} {rule}" for endpoint, rule, _methods, door in doors(built_app) if not door.is_declared]
    assert open_doors == []


def test_a_permission_is_a_scope_that_exists(built_app: Flask) -> None:
    named = {scope for _endpoint, _rule, _methods, door in doors(built_app) for scope in door.scopes}
    assert named <= ALL_SCOPES


def test_whatever_is_public_says_why(built_app: Flask) -> None:
    public = {rule: door.public for _endpoint, rule, _methods, door in doors(built_app) if door.public}
    assert all(len(reason or "") > 10 for reason in public.values()), public


def test_every_write_of_the_api_on_a_record_takes_a_version_or_a_key(built_app: Flask) -> None:
    bare = [
        f"{methods} {rule}"
        for endpoint, rule, methods, door in doors(built_app)
        if endpoint.startswith("records_api.")
        and set(methods) - SAFE
        and not (door.versioned or door.idempotent)
        and endpoint not in {"records_api.search_by_body", "records_api.reveal"}
    ]
    assert bare == []


def test_getting_changes_nothing(
    app: Flask, page: Callable[..., Any], api: Callable[..., Any], make_record: Any
) -> None:
    record = make_record()
    person, system = page("admin"), api("admin")
    before = _counts(app)
    for endpoint, rule, methods, _door in doors(app):
        if "GET" in methods:
            path = rule.replace("<id:record_id>", str(record.id)).replace("<slug>", "not-found")
            caller = (
                system
                if endpoint.startswith(("records_api", "accounts_api", "activity_api", "privacy_api"))
                else person
            )
            assert caller.get(path.removeprefix("/api/v1") if caller is system else path).status_code < 500, rule
    assert _counts(app) == before


def _counts(app: Flask) -> dict[str, int]:
    app.extensions["views"].later.flush()
    with app.app_context():
        tables = db.metadata.tables.values()
        rows = {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
        looked = select(func.count()).where(AuditEntry.action == Action.RECORD_VIEWED)
        rows["audit_entries"] -= db.session.scalar(looked) or 0
        db.session.remove()
    return {name: count for name, count in rows.items() if name not in NOTES_OF_USE}
