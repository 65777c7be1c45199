"""Passwords: how they are hashed, compared and judged.

Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
"""

import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHED_AT_ONCE = 4
"""How many passwords a process hashes at a time: bounds its memory to 4 × 19 MiB and leaves cores for other work."""

LONGEST_TRIED = 1024
SHORTEST, LONGEST = 8, 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = threading.BoundedSemaphore(HASHED_AT_ONCE)

# Passwords that satisfy the composition rule and still head every cracker's list.
_COMMON = frozenset(
    {"p@ssw0rd", "p@ssw0rd1", "p@ssword1", "p@ssword123", "passw0rd!", "passw0rd1!", "password1!", "password@1"}
    | {"password123!", "password@123", "password!23", "pass@123", "pass@1234", "pass@12345", "admin@123", "admin123!"}
    | {"admin@1234", "admin@12345", "welcome1!", "welcome@1", "welcome@123", "welcome123!", "qwerty1!", "qwerty123!"}
    | {"qwerty@123", "abc@1234", "abcd@123", "abcd@1234", "abc123!@#", "test@123", "test@1234", "test1234!", "user@123"}
    | {"letmein1!", "letmein123!", "changeme1!", "changeme123!", "india@123", "india@1234", "iloveyou1!", "monkey1!"}
    | {"1qaz@wsx", "1qaz2wsx!", "!qaz2wsx", "zaq1@wsx", "zaq!2wsx", "dragon1!", "sunshine1!", "football1!"}
    | {"login@123", "root@123", "secret@123", "summer2026!", "winter2026!", "hello@123", "krishna@123", "sairam@123"}
)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password exactly as given."""
    with _places:
        return _hasher.hash(password.encode("utf-8", "surrogatepass"))


_DUMMY = _hasher.hash("nobody has this password")


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


def weakness(password: str, owner: Owner) -> str | None:
    """Say in one sentence what the policy `composition` misses in a password; None when it is good."""
    if len(password) < SHORTEST:
        return f"The password needs at least {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"The password has at most {LONGEST} characters"
    if not _has_all_kinds(password):
        return "The password needs an upper-case letter, a lower-case letter, a digit and a special character"
    if password.casefold() in owner.words():
        return "The password must not be the email or the name"
    if password.casefold() in _COMMON:
        return "This password is used by many people. Choose another"
    return None


def _has_all_kinds(password: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit, lambda letter: not letter.isalpha() and not letter.isdigit())
    return all(any(is_kind(letter) for letter in password) for is_kind in kinds)
