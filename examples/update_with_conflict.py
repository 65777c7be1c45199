"""Change a record that somebody else changed meanwhile: ROOM_KEY=rr_… update_with_conflict.py RECORD-ID."""

import os
import sys
from typing import Any

from room import Answer, call

TRIES = 5


def change(record_id: str, wanted: dict[str, Any], *, key: str) -> Answer:
    """Change fields of a record without overwriting anybody's work. Raises LookupError where a person has to decide."""
    for _ in range(TRIES):
        mine = call("GET", f"/users/{record_id}", token=key)
        answer = call("PATCH", f"/users/{record_id}", wanted, token=key, headers={"If-Match": mine.headers["ETag"]})
        if answer.code != "VERSION_CONFLICT":
            return answer
        # The problem says which fields differ since our version; null when that never was one.
        theirs = set(answer.json["changed_fields"] or wanted)
        if clash := theirs & set(wanted):
            raise LookupError(f"somebody else changed {', '.join(sorted(clash))}")
        # They changed other fields: ours go on top of theirs.
    raise LookupError("this record is changed all the time")


def main(record_id: str, key: str) -> None:
    """Show a conflict that mends itself, and one that does not."""
    path = f"/users/{record_id}"
    stale = call("GET", path, token=key).headers["ETag"]
    print(f"somebody: {call('PATCH', path, {'name': 'Asha V. Rao'}, token=key).status}")

    late = call("PATCH", path, {"is_active": False}, token=key, headers={"If-Match": stale})
    print(f"from the old version: {late.status} {late.code}, they changed {late.json['changed_fields']}")
    print(f"another field goes on top: {change(record_id, {'is_active': False}, key=key).status}")

    late = call("PATCH", path, {"name": "Asha Verma-Rao", "version": stale.strip('"')}, token=key)
    print(f"with the version in the body: {late.status} {late.code}")


if __name__ == "__main__":
    main(sys.argv[1], os.environ["ROOM_KEY"])
