"""The vault: what is sealed at rest, and how it is found again without being opened.

A sealed value is `key id (4) ‖ nonce (12) ‖ ciphertext and tag`, AES-256-GCM
(NIST SP 800-38D), with the place it belongs to as associated data: a value
moved to another row or column does not open.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app

from config import Config

KEY_ID_BYTES = 4
NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value was altered, moved, or sealed with a key that is not in the ring."""


class Vault:
    """A ring of keys: the first seals, every one opens."""

    def __init__(self, keys: Sequence[bytes], index_key: bytes) -> None:
        self._ring = {_key_id(key): AESGCM(derive(key, "field")) for key in keys}
        self._current = _key_id(keys[0])
        self._index_key = index_key
        self._begun: dict[str, hmac.HMAC] = {}

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Encrypt a value for one place, named by `context`."""
        nonce = os.urandom(NONCE_BYTES)
        return self._current + nonce + self._ring[self._current].encrypt(nonce, plaintext, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what was sealed for the same `context`. Raises SealBroken."""
        cipher = self._ring.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise SealBroken("no key in the ring opens this value")
        nonce, body = sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES], sealed[KEY_ID_BYTES + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("the value was altered or belongs elsewhere") from error

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a value was sealed with the key that seals today."""
        return sealed[:KEY_ID_BYTES] == self._current

    def blind_index(self, kind: str, value: str) -> bytes:
        """Return the 32 bytes by which a canonical value is found and kept unique."""
        return self.mac(f"index:{kind}", value.encode())

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return HMAC-SHA-256 of the data under a key of its own for the purpose (RFC 2104)."""
        begun = self._begun.get(purpose)
        if begun is None:
            begun = self._begun[purpose] = hmac.new(derive(self._index_key, purpose), digestmod="sha256")
        mac = begun.copy()  # a key that has been taken in already: a third of the work
        mac.update(data)
        return mac.digest()


_derived: dict[tuple[bytes, str], bytes] = {}


def derive(key: bytes, purpose: str) -> bytes:
    """Return the 32-byte key that `key` has for one purpose (HKDF-SHA-256, RFC 5869)."""
    known = _derived.get((key, purpose))
    if known is None:
        known = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)
        _derived[key, purpose] = known
    return known


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]


def init_app(app: Flask) -> None:
    """Give the application its vault."""
    config: Config = app.extensions["config"]
    app.extensions["vault"] = Vault(config.field_encryption_keys, config.blind_index_key)


def vault() -> Vault:
    """Return the vault of the running application."""
    return cast(Vault, current_app.extensions["vault"])
