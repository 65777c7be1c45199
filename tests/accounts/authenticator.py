"""A device that keeps one passkey, made of plain cryptography, so that tests can have it say what no browser would."""

import hashlib
import html
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor
from werkzeug.test import TestResponse

from tests.browsing import Person
from tests.factories import PASSWORD

SECURITY = "/settings/security"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """A passkey of ES256. `origin`, `rp_id`, `flags` and `counter` are what it says and may be made wrong."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    user_handle: bytes | None = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, told: dict[str, Any]) -> str:
        """Answer the options of a registration."""
        self.user_handle = base64url_to_bytes(told["user"]["id"])
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + encode_cbor(public)
        held = {"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | ATTESTED) + credential}
        client = self._client("webauthn.create", told["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=encode_cbor(held))

    def sign(self, told: dict[str, Any]) -> str:
        """Answer the options of a sign-in."""
        self.counter += 1
        data, client = self._data(self.flags), self._client("webauthn.get", told["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        said = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer(**said, **({"userHandle": self.user_handle} if self.user_handle else {}))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **said: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        response = {part: bytes_to_base64url(value) for part, value in said.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def begun(person: Person, name: str = "Laptop") -> tuple[str, dict[str, Any]]:
    """Begin to add a passkey; return the token of the step and what the browser is told."""
    page = person.post(f"{SECURITY}/passkeys/new", {"name": name, "password": PASSWORD})
    assert page.status_code == 200, page.text
    told, token = (re.search(rf'{mark}="([^"]+)"', page.text) for mark in ("data-told", 'name="token" value'))
    assert told is not None
    assert token is not None
    return token[1], json.loads(html.unescape(told[1]))


def add(person: Person, device: Authenticator, name: str = "Laptop") -> TestResponse:
    """Add a passkey by the security page."""
    token, told = begun(person, name)
    return person.post(f"{SECURITY}/passkeys", {"name": name, "token": token, "credential": device.make(told)})
