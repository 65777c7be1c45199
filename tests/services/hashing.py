"""Passwords hashed at next to no cost: to hash one is the dearest thing the program does, and the tests do it thousands
of times. It holds for tests with the application in this process; what is about the cost asks for `earnest_hashes`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher

from app.accounts import passwords

EARNEST: Mapping[str, object] = {name: getattr(passwords, name) for name in ("_hasher", "_DUMMY")}
_quick = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
CHEAP: Mapping[str, object] = {"_hasher": _quick, "_DUMMY": _quick.hash("nobody has this password")}


@pytest.fixture
def cheap_hashes() -> Iterator[None]:
    """Hash with one pass over 16 KiB, also where there is nothing to compare with."""
    with _hashed_by(CHEAP):
        yield


@pytest.fixture
def earnest_hashes(cheap_hashes: None) -> Iterator[None]:
    """Hash as in earnest."""
    with _hashed_by(EARNEST):
        yield


@contextmanager
def _hashed_by(parts: Mapping[str, object]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as changed:
        for name, part in parts.items():
            changed.setattr(passwords, name, part)
        yield
