"""An OpenID provider in a process of its own, for tests of single sign-on: `python -m tests.services.oidc`.

The flow is Authlib's authorization server: registered client with a secret, exact redirect address, PKCE by S256 only,
codes that are good once. Around it stand who is signed in there, and ways to behave badly. It prints its issuer.
"""

import base64
import hmac
import json
import os
import socketserver
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Error, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.services.served import ROOT

CLIENT_ID, CLIENT_SECRET = "record-room", "a secret of the tests: 7f1b/+=&"
PERSON: dict[str, Any] = {"sub": "asha-1", "email": "asha@example.com", "email_verified": True, "name": "Asha Bhat"}


# --- the process, as a test sees it --------------------------------------------------------------------------------


class Provider:
    """A running provider: `person` signs in there when a browser comes, and `behave` has it misbehave."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUTHLIB_INSECURE_TRANSPORT": "1"}
        command = [sys.executable, "-W", "ignore", "-m", "tests.services.oidc"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer.startswith("http://127.0.0.1:"), "the provider did not start"

    def reset(self, redirect_uri: str) -> None:
        """Forget everything but the keys, and register the client with one redirect address."""
        self._tell({"reset": True, "redirect_uri": redirect_uri})

    def person(self, **claims: Any) -> None:
        """Say who is signed in there; a claim of None is left out."""
        self._tell({"person": {name: value for name, value in {**PERSON, **claims}.items() if value is not None}})

    def behave(self, **how: Any) -> None:
        """Misbehave from now on. See `Desk.habits`."""
        self._tell({"habits": how})

    def calls(self) -> list[str]:
        """Name what was asked of it since the reset."""
        return list(requests.get(f"{self.issuer}/tests/calls", timeout=10).json())

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _tell(self, what: dict[str, Any]) -> None:
        assert requests.post(f"{self.issuer}/tests/tell", json=what, timeout=10).ok


def settings_of(provider: Provider, **changes: str) -> dict[str, str]:
    """Return the settings of a room that trusts this provider."""
    ours = {"OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    return {**ours, "OIDC_NAME": "Test Office", **changes}


# --- what runs in it -----------------------------------------------------------------------------------------------


@dataclass
class Code(AuthorizationCodeMixin):
    """An authorization code with what it is bound to."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    user: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())


class Client(ClientMixin):
    """The one registered client."""

    redirect_uri = ""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(word for word in scope.split() if word in {"openid", "email", "profile"})

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == ("client_secret_post" if "auth_methods" in desk.habits else "client_secret_basic")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Desk:
    """The state of the provider.

    Habits: `claims` (put into ID tokens, None takes away), `nonce`, `alg` ("none", "HS256"), `stranger` (sign by a key
    that is not published), `codes_forever`, `redirect` / `status` / `body` / `drip` / `huge` (path: value), `thin`
    (claims by user info only), `info` (claims over the user info), `document` (over the discovery document, None takes
    away), `nulls` (names that are null there), `auth_methods`, `error` (in place of a code).
    """

    client: Client = field(default_factory=Client)
    person: dict[str, Any] = field(default_factory=dict)
    habits: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    stranger: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))


desk: Desk
app = Flask(__name__)
server = AuthorizationServer()


class CodeGrant(grants.AuthorizationCodeGrant):
    """Authlib's flow with codes in memory."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        desk.codes[code] = Code(
            code, request.payload.redirect_uri, request.payload.scope, asked.get("nonce"),
            asked.get("code_challenge"), asked.get("code_challenge_method"), dict(request.user),
        )  # fmt: skip

    def query_authorization_code(self, code: str, *_rest: Any) -> Code | None:
        return desk.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        if "codes_forever" not in desk.habits:
            del desk.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
        return authorization_code.user


class IdTokens(OpenIDCode):
    """Authlib's ID tokens, then whatever habit says."""

    def exists_nonce(self, nonce: str, *_rest: Any) -> bool:
        return any(code.nonce == nonce for code in desk.codes.values())

    def generate_user_info(self, user: dict[str, Any], *_rest: Any) -> UserInfo:
        return UserInfo({"sub": user["sub"]} if "thin" in desk.habits else user)

    def resolve_client_private_key(self, *_rest: Any) -> RSAKey:
        return desk.key

    def get_encode_header(self, *_rest: Any) -> dict[str, str]:
        return {"alg": "RS256", "kid": str(desk.key.kid)}

    def get_client_claims(self, *_rest: Any) -> dict[str, Any]:
        return {"iss": issuer(), "aud": [CLIENT_ID]}


def issuer() -> str:
    """Return who we are."""
    return request.host_url.rstrip("/")


def _forged(token: str) -> str:
    """Rewrite a good ID token as habit says, signed anew."""
    claims = {**_part(token, 1), **desk.habits.get("claims", {})}
    claims = {name: value for name, value in claims.items() if value is not None}
    if desk.habits.get("alg") == "none":
        return f"{_b64({'alg': 'none'})}.{_b64(claims)}."
    key = desk.stranger if "stranger" in desk.habits else desk.key
    if desk.habits.get("alg") == "HS256":
        public = desk.key.as_pem(private=False)
        head = f"{_b64({'alg': 'HS256', 'kid': 'first'})}.{_b64(claims)}"
        made = hmac.digest(public, head.encode(), "sha256")
        return f"{head}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@app.before_request
def misbehave() -> Response | None:
    """Note the call, and answer as badly as habit says."""
    if request.path.startswith("/tests/"):
        return None
    desk.calls.append(request.path)
    name = request.path.rsplit("/", 1)[-1]
    if to := desk.habits.get("redirect", {}).get(name):
        return Response(status=302, headers={"Location": to})
    if status := desk.habits.get("status", {}).get(name):
        return Response("no", status)
    if (body := desk.habits.get("body", {}).get(name)) is not None:
        return Response(body, content_type="application/json")
    if name in desk.habits.get("huge", []):
        return Response('{"filler": "' + "x" * 400_000 + '"}', content_type="application/json")
    if name in desk.habits.get("drip", []):
        return Response(_drops(), content_type="application/json")
    return None


def _drops() -> Any:
    for _ in range(600):
        yield " "
        time.sleep(0.1)


@app.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """Describe the provider."""
    here = issuer()
    document = {
        "issuer": here,
        "authorization_endpoint": f"{here}/authorize",
        "token_endpoint": f"{here}/token",
        "userinfo_endpoint": f"{here}/userinfo",
        "jwks_uri": f"{here}/keys",
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        **(
            {"token_endpoint_auth_methods_supported": desk.habits["auth_methods"]}
            if "auth_methods" in desk.habits
            else {}
        ),
        **desk.habits.get("document", {}),
    }
    told = {name: value for name, value in document.items() if value is not None}
    return jsonify({**told, **dict.fromkeys(desk.habits.get("nulls", []))})


@app.get("/authorize")
def authorize() -> Any:
    """Sign the person in without a question, and send the browser back."""
    try:
        grant = server.get_consent_grant(end_user=desk.person)
    except OAuth2Error as error:
        return Response(f"{error.error}: {error.description}", 400)
    if refusal := desk.habits.get("error"):
        return redirect(f"{request.args['redirect_uri']}?error={refusal}&state={request.args['state']}")
    return server.create_authorization_response(grant_user=desk.person, grant=grant)


@app.post("/token")
def token() -> Any:
    """Give tokens for a code."""
    answer = server.create_token_response()
    tokens = answer.get_json(silent=True) or {}
    if "id_token" in tokens:
        desk.tokens[tokens["access_token"]] = dict(desk.person)
        tokens["id_token"] = _forged(tokens["id_token"])
        answer.set_data(json.dumps(tokens))
    return answer


@app.get("/userinfo")
def user_info() -> Any:
    """Tell who a token belongs to."""
    person = desk.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if person is None:
        return Response(status=401)
    return jsonify({**person, **desk.habits.get("info", {})})


@app.get("/keys")
def keys() -> Response:
    """Publish the public keys, among others of no use here."""
    unusable = [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}, {"kty": "OKP", "crv": "X9", "x": "AA", "kid": "odd"}]
    return jsonify({"keys": [*unusable, {**desk.key.as_dict(private=False), "use": "sig"}]})


@app.post("/tests/tell")
def tell() -> str:
    """Take what a test says."""
    told = json.loads(request.get_data())
    if told.get("reset"):
        desk.codes, desk.tokens, desk.calls, desk.habits, desk.person = {}, {}, [], {}, dict(PERSON)
        desk.client.redirect_uri = told["redirect_uri"]
    desk.person = told.get("person", desk.person)
    desk.habits = told.get("habits", desk.habits)
    if desk.habits.get("new_key"):
        desk.key = RSAKey.generate_key(2048, {"kid": str(desk.habits["new_key"])})
    return ""


@app.get("/tests/calls")
def calls() -> Response:
    """Tell what was called."""
    return jsonify(desk.calls)


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    """A server that a slow answer does not stop."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """A handler that says nothing."""

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve on a free port of the loopback."""
    global desk  # noqa: PLW0603 - made here, because keys take a moment and importers need none
    desk = Desk()
    server.init_app(app, query_client=lambda _id: desk.client if _id == CLIENT_ID else None, save_token=lambda *_: None)
    server.register_grant(CodeGrant, [CodeChallenge(required=True), IdTokens(require_nonce=True)])
    with make_server("127.0.0.1", 0, app, Threaded, Quiet) as made:
        print(f"http://127.0.0.1:{made.server_port}", flush=True)
        made.serve_forever()


if __name__ == "__main__":
    main()
