"""Access tokens: JSON Web Tokens signed with a ring of keys (RFC 7519, RFC 8725).

They hold opaque ids only. The algorithm is ours, never the token's word; `kid`
only picks among our keys.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from app.core.database import new_id, utc_now
from app.core.errors import ExpiredToken, InvalidToken

ALGORITHM = "HS256"
AUDIENCE = "record-room"
KIND = "access"
LONGEST_TOKEN = 4096
REMEMBERED_AT_MOST = 10_000
CLOCKS_APART = timedelta(seconds=30)
"""How far another node's clock may be behind ours and still take a token that was just issued."""

_REQUIRED = ["exp", "nbf", "iat", "iss", "aud", "jti", "typ", "sub", "fam"]


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whose token it is, which family it belongs to, and until when it holds."""

    account_id: UUID
    family_id: UUID
    expires_at: datetime


class TokenRing:
    """Signs with the first key and verifies with every one."""

    def __init__(self, keys: Sequence[str], *, issuer: str, lifetime: timedelta) -> None:
        self._keys: Mapping[str, str] = {key_id(key): key for key in keys}
        self._current = key_id(keys[0])
        self._issuer = issuer
        self.lifetime = lifetime
        # What a good token says never changes; only its time runs out, which is judged on each request.
        self._read: dict[bytes, AccessClaims] = {}

    def issue(self, account_id: UUID, family_id: UUID, now: datetime) -> str:
        """Return an access token that holds from `now` for the ring's lifetime."""
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(account_id),
            "fam": str(family_id),
            "jti": str(new_id()),
            "typ": KIND,
            "iat": int(now.timestamp()),
            "nbf": int((now - CLOCKS_APART).timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
        }
        return jwt.encode(claims, self._keys[self._current], ALGORITHM, headers={"kid": self._current})

    def read(self, token: str) -> AccessClaims:
        """Return what a token says, once its seal, kind and time are good. Raises InvalidToken, ExpiredToken."""
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._read.get(digest)
        if claims is None:
            claims = self._read_anew(token)
            if len(self._read) >= REMEMBERED_AT_MOST:
                self._read.clear()
            self._read[digest] = claims
        if claims.expires_at <= utc_now():
            raise ExpiredToken
        return claims

    def _read_anew(self, token: str) -> AccessClaims:
        try:
            return _claims(self._verified(token))
        except jwt.ExpiredSignatureError as error:
            raise ExpiredToken from error
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise InvalidToken from error

    def _verified(self, token: str) -> dict[str, Any]:
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise InvalidToken
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=self._issuer,
            options={"require": _REQUIRED, "verify_iat": False},
        )


def key_id(key: str) -> str:
    """Return the public name of a signing key."""
    return hashlib.sha256(b"kid:" + key.encode()).hexdigest()[:12]


def _claims(claims: Mapping[str, Any]) -> AccessClaims:
    if claims["typ"] != KIND:
        raise InvalidToken
    return AccessClaims(UUID(claims["sub"]), UUID(str(claims["fam"])), datetime.fromtimestamp(claims["exp"], UTC))
