"""Passwords: how they are hashed, compared and judged.

Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
"""

import threading
from base64 import b64encode
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from app.accounts.blocklist import is_common

HASHED_AT_ONCE = 4
"""How many passwords a process hashes at a time: bounds its memory to 4 × 19 MiB and leaves cores for other work."""

LONGEST_TRIED = 1024
SHORTEST, SHORTEST_ALONE, LONGEST = 8, 15, 128
"""In characters; the middle one is what a password needs under `nist` when nothing else stands beside it."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = threading.BoundedSemaphore(HASHED_AT_ONCE)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password exactly as given."""
    with _places:
        return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def _nobodys() -> str:
    salt, digest = (b64encode(bytes(length)).decode().rstrip("=") for length in (_hasher.salt_len, _hasher.hash_len))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


_DUMMY = _nobodys()
"""A hash that no password is known to have. To compare with it costs what any comparison does; to make it, nothing."""


def is_right(password_hash: str | None, password: str) -> bool:
    """Tell whether the password has this hash; without one, take as long and say no.

    A password longer than any that can be set is refused unhashed, for every account alike.
    """
    if len(password) > LONGEST_TRIED:
        return False
    with _places:
        try:
            _hasher.verify(password_hash or _DUMMY, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


@dataclass(frozen=True, slots=True)
class Owner:
    """What a password must not repeat of the one who has it."""

    email: str
    username: str | None = None
    full_name: str | None = None

    def words(self) -> frozenset[str]:
        """Return the owner's names, case-folded."""
        names = (self.email, self.email.partition("@")[0], self.username, self.full_name)
        return frozenset(name.casefold() for name in names if name)


def weakness(
    password: str, owner: Owner, policy: str = "composition", *, has_second_factor: bool = False
) -> str | None:
    """Say in one sentence what the policy misses in a password; None when it is good.

    `nist` asks for length alone (SP 800-63B-4 §3.1.1.2), `composition` for every kind of character.
    """
    least = SHORTEST if policy == "composition" or has_second_factor else SHORTEST_ALONE
    if len(password) < least:
        return f"The password needs at least {least} characters"
    if len(password) > LONGEST:
        return f"The password has at most {LONGEST} characters"
    if policy == "composition" and not _has_all_kinds(password):
        return "The password needs an upper-case letter, a lower-case letter, a digit and a special character"
    if password.casefold() in owner.words():
        return "The password must not be the email or the name"
    if is_common(password):
        return "This password is used by many people. Choose another"
    return None


def advice(policy: str) -> str:
    """Say what the policy asks for, before anybody has typed."""
    if policy == "composition":
        return f"{SHORTEST} characters or more, with upper and lower case, a digit and a special character"
    return f"{SHORTEST_ALONE} characters or more. A few words that nobody would guess work well"


def _has_all_kinds(password: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit, lambda letter: not letter.isalpha() and not letter.isdigit())
    return all(any(is_kind(letter) for letter in password) for is_kind in kinds)
