"""The vault: sealed values open at their place with a key of the ring, and nowhere else."""

import os

import pytest

from app.core.vault import SealBroken, Vault, derive
from app.records.identifiers import mask_aadhaar, mask_pan

OLD, NEW, INDEX = (os.urandom(32) for _ in range(3))


def test_what_is_sealed_opens_at_its_place_and_nowhere_else() -> None:
    vault = Vault([NEW], INDEX)
    sealed = vault.seal(b"234123412346", "identity_vault:aadhaar:1")
    assert vault.open(sealed, "identity_vault:aadhaar:1") == b"234123412346"
    for elsewhere in ("identity_vault:aadhaar:2", "identity_vault:pan:1", ""):
        with pytest.raises(SealBroken):
            vault.open(sealed, elsewhere)


def test_equal_values_never_look_equal_when_sealed() -> None:
    vault = Vault([NEW], INDEX)
    sealed = {vault.seal(b"234123412346", "here") for _ in range(100)}
    assert len(sealed) == 100
    assert all(b"2341" not in one for one in sealed)


@pytest.mark.parametrize("place", [0, 3, 4, 15, 16, -1])
def test_a_changed_byte_breaks_the_seal(place: int) -> None:
    vault = Vault([NEW], INDEX)
    sealed = bytearray(vault.seal(b"value", "here"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        vault.open(bytes(sealed), "here")


@pytest.mark.parametrize("length", [0, 1, 4, 15, 16, 20])
def test_a_cut_value_breaks_the_seal(length: int) -> None:
    vault = Vault([NEW], INDEX)
    with pytest.raises(SealBroken):
        vault.open(vault.seal(b"value", "here")[:length], "here")


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = Vault([OLD], INDEX).seal(b"value", "here")
    ring = Vault([NEW, OLD], INDEX)
    assert ring.open(before, "here") == b"value"
    assert not ring.is_current(before)
    after = ring.seal(b"value", "here")
    assert ring.is_current(after)
    assert Vault([NEW], INDEX).open(after, "here") == b"value"
    with pytest.raises(SealBroken):
        Vault([NEW], INDEX).open(before, "here")


def test_the_blind_index_is_keyed_by_secret_and_by_kind() -> None:
    vault = Vault([NEW], INDEX)
    one = vault.blind_index("aadhaar", "234123412346")
    assert one == Vault([OLD], INDEX).blind_index("aadhaar", "234123412346")
    assert len({one, vault.blind_index("pan", "234123412346"), Vault([NEW], OLD).blind_index("aadhaar", "234123412346"),
                vault.mac("aadhaar", b"234123412346")}) == 4  # fmt: skip
    assert len(one) == 32


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert len({derive(NEW, purpose) for purpose in ("field", "index:aadhaar", "index:pan", "audit-chain")}) == 4
    assert NEW not in {derive(NEW, "field"), derive(NEW, "")}


def test_masks_show_the_last_four_digits_only() -> None:
    assert mask_aadhaar("234123412346") == "XXXXXXXX2346"
    assert mask_pan("ABCPE1234F") == "XXXXX1234X"
