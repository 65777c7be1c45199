"""Register, open the mail, and prove the address: register_and_verify.py EMAIL PASSWORD MAIL-FOLDER."""

import email
import email.policy
import re
import sys
import time
from pathlib import Path

from room import call

WAIT_SECONDS = 30


def main(address: str, password: str, mail_folder: str) -> None:
    """Do what a person does who is new here."""
    made = call("POST", "/auth/register", {"email": address, "password": password, "full_name": "Asha Verma"})
    if made.status != 201:
        raise SystemExit(f"{made.code}: {made.json['detail']}")
    print(f"registered as {made.json['user_id']}")

    early = call("POST", "/auth/login", {"email": address, "password": password})
    print(f"signing in before that is refused: {early.code}")

    token = token_from_mail(Path(mail_folder), address)
    # Looking does not use a link up: mail scanners open links too.
    print(f"the link is good: {call('GET', f'/auth/verify-email?token={token}').status == 200}")
    proven = call("POST", "/auth/verify-email", {"token": token})
    print(f"verified at {proven.json['verified_at']}")
    print(f"a link works once: {call('POST', '/auth/verify-email', {'token': token}).code}")


def token_from_mail(folder: Path, address: str) -> str:
    """Wait for the newest mail to an address and take the token out of its link."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for path in sorted(folder.glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            words = mail.get_body(("plain",))
            if mail["To"] and address in mail["To"] and words is not None:
                found = re.search(r"/verify-email\?token=([\w.~-]+)", words.get_content())
                if found:
                    return found[1]
        time.sleep(0.2)
    raise SystemExit("no mail came; is the worker running?")


if __name__ == "__main__":
    main(*sys.argv[1:4])
