"""The reference: a record's short public key, which people can say, write down and mistype without harm.

Nine random characters of Crockford's base 32 and one check character (remainder by 37). The check finds every single
slip and every swap. Crockford writes the remainders 32 to 36 with signs; a number that has one of them is not given
out, so a reference is letters and digits only.
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS = 9

_CHECK_MODULUS = 37
_SPACE: int = len(ALPHABET) ** RANDOM_CHARACTERS
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_READ_AS = str.maketrans("OIL", "011")
_SHAPE = re.compile(r"[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}")


def new_reference() -> str:
    """Draw a new reference at random: nothing of the person is in it."""
    while True:
        number = secrets.randbelow(_SPACE)
        if number % _CHECK_MODULUS < len(ALPHABET):
            return _spell(number)


def canonical_reference(text: str) -> str | None:
    """Return the reference that a text is, or None: any case, O for 0, I and L for 1, with or without hyphen."""
    stripped = text.strip()
    if not _SHAPE.fullmatch(stripped):
        return None
    key = stripped.replace("-", "").replace(" ", "").upper().translate(_READ_AS)
    number = 0
    for character in key[:RANDOM_CHARACTERS]:
        if character not in _VALUES:
            return None
        number = number * len(ALPHABET) + _VALUES[character]
    return _spell(number) if _VALUES.get(key[-1]) == number % _CHECK_MODULUS else None


def _spell(number: int) -> str:
    check = ALPHABET[number % _CHECK_MODULUS]
    characters = []
    for _ in range(RANDOM_CHARACTERS):
        number, value = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[value])
    key = "".join(reversed(characters)) + check
    return f"{key[:5]}-{key[5:]}"
