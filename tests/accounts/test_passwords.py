"""Passwords: what is good enough, and how they are kept."""

import threading
import time

import pytest

from app.accounts import passwords
from app.accounts.blocklist import is_common
from app.accounts.passwords import Owner, hash_password, is_outdated, is_right, weakness
from app.accounts.service import generated_password
from tests.services.served import ROOT

OWNER = Owner("Asha.Verma1@example.com", "asha-V1", "Asha Verma-1")


@pytest.mark.parametrize(
    "password",
    ["Monsoon-4-Teacups", "Aa1 aaaa", "Ж" + "ж1!" * 3, "Aa1!" + "x" * 124, "नमस्ते-Aa1", "Aa1!\u0000xyz", "  Aa1!  "],
)
def test_a_password_with_all_kinds_of_characters_is_good(password: str) -> None:
    assert weakness(password, OWNER) is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Aa1!xyz", "at least 8"),
        ("Aa1!" + "x" * 125, "at most 128"),
        ("monsoon-4-teacups", "upper-case"),
        ("MONSOON-4-TEACUPS", "lower-case"),
        ("Monsoon-Teacups", "digit"),
        ("Monsoon4Teacups", "special"),
        ("ASHA.verma1@EXAMPLE.com", "email or the name"),
        ("Asha.Verma1", "email or the name"),
        ("Asha Verma-1", "email or the name"),
        ("P@ssw0rd", "many people"),
        ("pASSWORD1!", "many people"),
    ],
)
def test_a_weak_password_is_told_what_it_lacks(password: str, words: str) -> None:
    assert words in (weakness(password, OWNER) or "")


@pytest.mark.parametrize(
    "password",
    [
        "Welcome@123",
        "Summer2026!",
        "Qwerty123!",
        "RecordRoom1!",
        "P4$$w0rd--99",
        "Sunshine#1",
        "Aa1!Aa1!Aa1!",
        "Dr@gon!2026",
    ],
)
def test_what_many_people_make_of_a_common_word_is_refused(password: str) -> None:
    assert "many people" in (weakness(password, OWNER) or "")


def test_the_list_of_common_passwords_is_long_and_says_where_it_is_from() -> None:
    path = ROOT / "app" / "accounts" / "common_passwords.txt"
    notice, _, words = path.read_text().partition("\n\n")
    assert "zxcvbn" in notice
    assert "MIT" in path.with_suffix(".LICENSE").read_text()
    assert len(set(words.split())) >= 10_000
    assert all(is_common(word) for word in words.split()[::500])


@pytest.mark.parametrize("password", ["nine teacups on a monsoon day", "monsoonteacups4", "ചായ ചായ ചായ ഒരു കപ്പ്"])
def test_nist_asks_for_length_and_for_nothing_else(password: str) -> None:
    assert weakness(password, OWNER, "nist") is None
    assert "at least 15" in (weakness(password[:14], OWNER, "nist") or "")
    assert weakness("teacup mo", OWNER, "nist", has_second_factor=True) is None
    assert "at least 8" in (weakness("teacup", OWNER, "nist", has_second_factor=True) or "")


@pytest.mark.parametrize(
    "password", ["aaaaaaaaaaaaaaa", "1234123412341234", "qwertyuiopasdfghj", "zyxwvutsrqponmlk", "123456789012345"]
)
def test_nist_still_refuses_what_everybody_tries(password: str) -> None:
    assert "many people" in (weakness(password, OWNER, "nist") or "")


def test_a_password_of_a_megabyte_is_refused_at_once() -> None:
    began = time.perf_counter()
    assert "at most 128" in (weakness("Aa1!" * 2**18, OWNER) or "")
    assert time.perf_counter() - began < 0.1


def test_a_generated_password_is_always_good_and_never_the_same() -> None:
    made = {generated_password() for _ in range(200)}
    assert len(made) == 200
    assert {weakness(password, OWNER) for password in made} == {None}


def test_hashes_are_argon2id_with_a_salt_each() -> None:
    one, other = hash_password("Monsoon-4-Teacups"), hash_password("Monsoon-4-Teacups")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other
    assert is_right(one, "Monsoon-4-Teacups")
    assert not is_right(one, "Monsoon-4-Teacup")
    assert not is_outdated(one)


@pytest.mark.parametrize("password", ["a\u0000b", "caf\u00e9", "\ud800", "ｆｕｌｌ", " x "])
def test_a_password_is_compared_exactly(password: str) -> None:
    kept = hash_password(password)
    assert is_right(kept, password)
    for other in (password.strip(" "), password.split("\u0000", maxsplit=1)[0], "cafe\u0301", "full"):
        if other != password:
            assert not is_right(kept, other)


def test_without_a_hash_or_with_a_broken_one_nothing_is_right() -> None:
    assert not is_right(None, "nobody has this password")
    assert not is_right("not a hash", "x")
    assert not is_right(hash_password("x" * 1025), "x" * 1025)


def test_only_so_many_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard = [0], [0], threading.Lock()

    class Slow:
        def hash(self, _password: bytes) -> str:
            with guard:
                running[0] += 1
                most[0] = max(most[0], running[0])
            threading.Event().wait(0.01)
            with guard:
                running[0] -= 1
            return ""

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=hash_password, args=("x",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == passwords.HASHED_AT_ONCE
