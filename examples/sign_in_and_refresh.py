"""Sign in, stay signed in, and leave: sign_in_and_refresh.py EMAIL PASSWORD."""

import sys

from room import call


def main(address: str, password: str) -> None:
    """Hold a pair of tokens the way a program should."""
    entered = call("POST", "/auth/login", {"email": address, "password": password})
    if entered.code == "MFA_REQUIRED":
        code = input("The six digits of your authenticator app: ")
        entered = call("POST", "/auth/login/mfa", {"mfa_token": entered.json["mfa_token"], "code": code})
    if entered.status != 200:
        raise SystemExit(f"{entered.code}: {entered.json['detail']}")
    tokens = entered.json
    print(f"signed in for {tokens['expires_in']} seconds")
    print(f"I am {call('GET', '/auth/me', token=tokens['access_token']).json['role']}")

    # Before the access token ends, the refresh token buys a new pair. It works once: keep the new one.
    renewed = call("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json
    print(f"renewed: {call('GET', '/auth/me', token=renewed['access_token']).status}")

    # A used one presented again looks like theft, and ends the whole sign-in, the new tokens as well.
    stolen = call("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    print(f"used again: {stolen.code}")
    print(f"and the new pair is dead: {call('GET', '/auth/me', token=renewed['access_token']).status}")

    last = call("POST", "/auth/login", {"email": address, "password": password}).json["access_token"]
    print(f"signed out: {call('POST', '/auth/logout', token=last).status}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
