"""Texts that we hand out and know again: signed under a salt of their own for each purpose, readable by anybody.

A signature says that we made a text, not that it is still good: who takes one keeps in the database what it is worth.
"""

import hashlib
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from app.core.settings import settings

LONGEST = 2048


class SignatureBroken(Exception):
    """A text was not signed by us for this purpose, or was altered since."""


def sign(purpose: str, value: Any) -> str:
    """Return a value as a signed text that is safe in an address."""
    return _signer(purpose).dumps(value)


def read_signed(purpose: str, text: str) -> Any:
    """Return the value of a text that was signed for this purpose. Raises SignatureBroken."""
    if len(text) > LONGEST or not is_plain(text.rpartition(".")[2]):
        raise SignatureBroken
    try:
        return _signer(purpose).loads(text.encode("utf-8", "surrogatepass"))
    except BadData:
        raise SignatureBroken from None


def is_plain(text: str) -> bool:
    """Tell whether base64 is in its one spelling: the last letter has bits that say nothing, and so has padding."""
    try:
        return base64_encode(base64_decode(text)) == text.encode()
    except (BadData, UnicodeEncodeError):
        return False


def _signer(purpose: str) -> URLSafeSerializer:
    config = settings()
    ring = [*reversed(config.secret_key_fallbacks), config.secret_key]  # itsdangerous signs with the last
    return URLSafeSerializer(ring, salt=f"record-room:{purpose}", signer_kwargs={"digest_method": hashlib.sha256})
