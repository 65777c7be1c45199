"""Create a record so that a lost answer does no harm: ROOM_KEY=rr_… create_with_retry.py."""

import json
import os
import sys
import uuid
from typing import Any

from room import call, call_until_answered

PERSON = {
    "name": "Asha Verma",
    "email": "asha.verma@example.com",
    "primary_mobile": "98765 43210",
    "aadhaar": "1234 5678 9012",
    "pan": "ABCDE1234F",
    "date_of_birth": "1988-04-17",
    "place_of_birth": "Nagpur",
    "current_address": "14, Temple Street, Nagpur 440001",
    "permanent_address": "Plot 7, Gandhi Nagar, Wardha 442001",
}


def main(person: dict[str, Any], key: str) -> None:
    """Create one person, and send the same again as a program would whose connection broke."""
    # One key for each thing to be done; store it beside the thing before the first try.
    once = str(uuid.uuid4())
    made = call_until_answered("POST", "/users/", person, token=key, key=once)
    if made.status == 422:
        for error in made.json["errors"]:  # every bad field at once
            print(f"{error['field']}: {error['code']}")
        raise SystemExit(1)
    if made.status == 409:
        print(f"already there: {[error['field'] for error in made.json['errors']]}")
        raise SystemExit(1)
    print(f"{made.status} {made.json['reference']}, Aadhaar {made.json['aadhaar']}")

    again = call_until_answered("POST", "/users/", person, token=key, key=once)
    print(f"sent again: {again.status}, the same record: {again.json['id'] == made.json['id']}")
    print(f"replayed: {again.headers['Idempotency-Replayed']}")

    other = call("POST", "/users/", {**person, "name": "Somebody Else"}, token=key, headers={"Idempotency-Key": once})
    print(f"the key with another request: {other.code}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]) if len(sys.argv) > 1 else PERSON, os.environ["ROOM_KEY"])
