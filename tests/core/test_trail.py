"""Reading the trail: what changed since a version, and how the record was then."""

from collections.abc import Callable
from uuid import UUID

from flask import Flask

from app.core import trail
from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.records.partner import execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
ACTIONS = """
    record.created record.updated record.deleted record.restored record.revealed record.viewed record.erased
    record.email_verified record.mobile_verified records.searched records.exported records.imported
    correction.requested correction.approved correction.rejected
    account.registered account.created account.updated account.role_changed account.disabled account.deleted
    account.locked account.unlocked account.email_verified
    session.started session.failed session.ended session.refresh_reused
    password.changed password.reset_requested password.reset mfa.enabled mfa.disabled
    api_key.created api_key.revoked webhook.created webhook.updated webhook.deleted access.denied
"""


def test_the_values_of_an_earlier_version_are_worked_out_backwards(api: Api, app: Flask, make_record: Make) -> None:
    made, editor = make_record(name="First Name"), api("editor")
    changes = [{"name": name, "is_active": False} for name in ("Second Name", "Third Name")]
    later = [editor.patch(f"/users/{made.id}", json=change).json["version"] for change in changes]
    versions = [str(made.version), *later]
    now = {"name": "Third Name", "is_active": False, "email": "e"}
    with app.app_context():
        names = [(trail.values_at(made.id, UUID(version), now) or {})["name"] for version in versions]
        first = trail.values_at(made.id, UUID(versions[0]), now)
        assert trail.values_at(made.id, made.id, now) is None
        last = trail.find_last_change(made.id)
    assert names == ["First Name", "Second Name", "Third Name"]
    assert first == {"name": "First Name", "is_active": True, "email": "e"}
    assert last is not None
    assert last.subject_version == UUID(versions[-1])


def test_an_entry_whose_details_were_destroyed_keeps_the_names_of_its_fields(
    api: Api, app: Flask, make_record: Make
) -> None:
    made, editor = make_record(), api("editor")
    editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"})
    execute(app, "DELETE FROM audit_values")
    entry = editor.get(f"/users/{made.id}/history").json["data"][0]
    assert entry["changes"] == [{"field": "name", "before": None, "after": None}]
    assert (entry["actor_name"], entry["reason"]) == (None, None)
    assert entry["actor_id"] == str(editor.account and editor.account.id)


def test_the_trail_can_be_asked_for_every_action_there_is(api: Api) -> None:
    supervisor = api("supervisor")
    for action in ACTIONS.split():
        answer = supervisor.get(f"/audit?action={action}")
        assert answer.status_code == 200, action
        assert {entry["action"] for entry in answer.json["data"]} <= {action}


def test_the_trail_is_filtered_by_what_somebody_looks_for(api: Api, make_record: Make) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"}, headers={"X-Request-ID": "look-for-me"})
    for query in (
        {"request_id": "look-for-me"},
        {"action": "record.updated"},
        {"subject_id": str(made.id), "actor_id": str(editor.account and editor.account.id)},
        {"action": "record.updated", "outcome": "success", "from": "2020-01-01", "to": "2999-01-01"},
    ):
        found = supervisor.get("/audit", query_string=query).get_json()
        assert [entry["action"] for entry in found["data"]] == ["record.updated"], query
    assert supervisor.get("/audit?to=2020-01-01").json["total"] == 0
    for other in (made.id.hex, f"{{{made.id}}}", made.id.urn):
        assert supervisor.get("/audit", query_string={"subject_id": other}).status_code == 422, other
    for wrong in ("action=record.exploded", "outcome=maybe", "actor_id=x", "from=x", "foo=1", "page=0", "request_id="):
        assert supervisor.get(f"/audit?{wrong}").status_code == 422, wrong
