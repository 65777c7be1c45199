"""Let another service ask whom a bearer belongs to: validate_token.py EMAIL PASSWORD."""

import sys

from room import call


def who_calls(bearer: str, needed: str) -> str:
    """Return the account behind an access token that holds a scope. Raises PermissionError for all others."""
    answer = call("POST", "/auth/validate-token", {"token": bearer})
    if answer.status != 200:
        raise PermissionError(answer.code)  # INVALID_TOKEN, or EXPIRED_TOKEN: ask the caller to sign in again
    if needed not in answer.json["scopes"]:
        raise PermissionError(f"the scope {needed} is missing")
    return str(answer.json["user_id"])


def main(address: str, password: str) -> None:
    """Show one good token and one that is none."""
    token = call("POST", "/auth/login", {"email": address, "password": password}).json["access_token"]
    print(f"the caller is {who_calls(token, 'records:read')}")
    for wrong, needed in ((f"{token}x", "records:read"), (token, "none:such")):
        try:
            who_calls(wrong, needed)
        except PermissionError as refusal:
            print(f"refused: {refusal}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
