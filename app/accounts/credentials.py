"""Random secrets: made here, shown once, and stored as digests."""

import hashlib
import secrets

API_KEY_MARK = "rr_"
PREFIX_LENGTH = 11


def new_token() -> str:
    """Return 256 random bits, safe in a URL or cookie."""
    return secrets.token_urlsafe(32)


def new_api_key() -> str:
    """Return a key with 192 random bits, marked so that leak scanners and people know it."""
    return API_KEY_MARK + secrets.token_hex(24)


def prefix_of(api_key: str) -> str:
    """Return the start of a key by which its owner tells it from others."""
    return api_key[:PREFIX_LENGTH]


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret; it is random, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
