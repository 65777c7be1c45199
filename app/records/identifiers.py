"""Aadhaar, PAN and mobile: what is one, how it is written, how it is masked, and which of them a search text may be.

Pure rules. Every `canonical_` function returns the one spelling that is stored and compared, and raises RuleBroken
with the rule that failed; no message repeats the number.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

from stdnum import verhoeff

from app.core.rules import RuleBroken, ordinal
from app.records.references import canonical_reference

AADHAAR_DIGITS = 12
PAN_CHARACTERS = 10
MOBILE_DIGITS = 10

PERSON = "P"
HOLDERS = MappingProxyType(
    {
        "A": "an association of persons",
        "B": "a body of individuals",
        "C": "a company",
        "F": "a firm",
        "G": "the government",
        "H": "a Hindu undivided family",
        "J": "an artificial juridical person",
        "K": "a trust",
        "L": "a local authority",
        "P": "a person",
        "T": "a trust",
    }
)
"""Who holds a PAN, by its fourth letter: the types in use."""

MOBILE_WORDS = "A mobile number has 10 digits and starts with 6, 7, 8 or 9"
OTHER_DIGITS_WORDS = "Type the digits 0 to 9. Digits of another script are not read here"

_SEPARATORS = re.compile(r"[ \t\r\n\u00a0\u2000-\u200a\u202f\u2010-\u2015\u2212-]+")
_MASK_SIGNS = frozenset("*•●xX")
_AADHAAR_MASK = re.compile(r"[Xx*•●]+[0-9]{0,4}")
_PAN_SHAPE = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_AADHAAR_SHAPE = re.compile(r"[0-9]{12}")
_LONG_DIGITS = 8


@dataclass(frozen=True, slots=True)
class ExactKinds:
    """What a search text could be besides part of a name or e-mail; each in its canonical spelling, else None."""

    aadhaar: str | None = None
    pan: str | None = None
    mobile: str | None = None
    reference: str | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Which of a person's numbers the text could be: aadhaar, pan, mobile."""
        return tuple(kind for kind in ("aadhaar", "pan", "mobile") if getattr(self, kind))

    @property
    def has_identifier(self) -> bool:
        """Tell whether the text could be somebody's Aadhaar, PAN or mobile."""
        return bool(self.identifiers)


def classify(text: str) -> ExactKinds:
    """Tell which exact kinds a search text could be, in any accepted spelling.

    Only the shape counts: a mistyped Aadhaar is still no text for an address line, and simply finds nobody.
    """
    compact = without_separators(text)
    upper = compact.upper() if compact.isascii() else ""
    return ExactKinds(
        aadhaar=compact if _AADHAAR_SHAPE.fullmatch(compact) else None,
        pan=upper if _PAN_SHAPE.fullmatch(upper) else None,
        mobile=find_mobile(text),
        reference=canonical_reference(text),
    )


def stays_out_of_urls(text: str) -> bool:
    """Tell whether a search text may be personal: a number in full or nearly so, a PAN, or an e-mail address."""
    kinds = classify(text)
    if kinds.has_identifier or "@" in text:
        return True
    return kinds.reference is None and sum(character.isdigit() for character in text) >= _LONG_DIGITS


def without_separators(text: str) -> str:
    """Drop the blanks and hyphens that people write between groups."""
    return _SEPARATORS.sub("", text)


def canonical_aadhaar(text: str, *, allow_test_identities: bool = False) -> str:
    """Return the twelve digits. A number that starts with 0 or 1 was never issued: it passes as a test identity only.

    Raises RuleBroken.
    """
    number = without_separators(text)
    if _AADHAAR_MASK.fullmatch(number):
        raise RuleBroken("INVALID", "This is a masked number. Type all 12 digits")
    if not _is_ascii_digits(number):
        words = OTHER_DIGITS_WORDS if number.isdigit() else "Aadhaar has 12 digits and no other characters"
        raise RuleBroken("INVALID", words)
    if len(number) != AADHAAR_DIGITS:
        # Right characters, wrong count: that is a length. INVALID is for characters that cannot stand there.
        raise RuleBroken(_length_code(number, AADHAAR_DIGITS), f"Aadhaar has 12 digits. You typed {len(number)}")
    if number[0] in "01":
        if allow_test_identities:
            return number
        raise RuleBroken("INVALID", "Aadhaar starts with a digit from 2 to 9")
    if verhoeff.checksum(number) != 0:
        raise RuleBroken("CHECKSUM", "The last digit does not match. One digit is mistyped or two are swapped")
    return number


def canonical_pan(text: str, *, allow_test_identities: bool = False) -> str:
    """Return the PAN in capitals. A fourth letter that no holder type uses passes as a test identity only.

    Raises RuleBroken.
    """
    typed = without_separators(text)
    # Two letters outside ASCII have capitals inside it, so the check comes before the capitals.
    pan = typed.upper() if typed.isascii() else typed
    if _is_pan_mask(pan):
        raise RuleBroken("INVALID", "This is a masked number. Type all 10 characters")
    if not (pan.isascii() and pan.isalnum()):
        raise RuleBroken("INVALID", "PAN has letters A to Z and digits only")
    if len(pan) != PAN_CHARACTERS:
        raise RuleBroken(_length_code(pan, PAN_CHARACTERS), f"PAN has 10 characters. You typed {len(pan)}")
    _check_pan_positions(pan)
    _check_pan_holder(pan[3], allow_test_identities)
    return pan


def suggest_pan(text: str) -> str | None:
    """Return the PAN that was meant when only O and 0, or I and 1, were mixed up; None when that is not it."""
    pan = without_separators(text)
    if len(pan) != PAN_CHARACTERS or not pan.isascii():
        return None
    pan = pan.upper()
    letters, digits = str.maketrans("01", "OI"), str.maketrans("OI", "01")
    mended = pan[:5].translate(letters) + pan[5:9].translate(digits) + pan[9:].translate(letters)
    return mended if mended != pan and _PAN_SHAPE.fullmatch(mended) and mended[3] == PERSON else None


def canonical_mobile(text: str) -> str:
    """Return the ten digits of an Indian mobile. `+91`, `91` and `0` go only when more than ten digits stand.

    Raises RuleBroken.
    """
    compact = without_separators(text)
    digits = compact.removeprefix("+")
    if not _is_ascii_digits(digits):
        raise RuleBroken("INVALID", OTHER_DIGITS_WORDS if digits.isdigit() else MOBILE_WORDS)
    is_international = compact != digits
    if is_international and (len(digits) <= MOBILE_DIGITS or not digits.startswith("91")):
        raise RuleBroken("INVALID", MOBILE_WORDS)
    if len(digits) > MOBILE_DIGITS:
        digits = digits[2:] if digits.startswith("91") else digits.removeprefix("0")
    if len(digits) != MOBILE_DIGITS:
        raise RuleBroken(_length_code(digits, MOBILE_DIGITS), MOBILE_WORDS)
    if digits[0] not in "6789":
        raise RuleBroken("INVALID", MOBILE_WORDS)
    return digits


def find_mobile(text: str) -> str | None:
    """Return the canonical mobile that a text is, or None."""
    try:
        return canonical_mobile(text)
    except RuleBroken:
        return None


def mask_aadhaar(aadhaar: str) -> str:
    """Mask all but the last four digits: XXXXXXXX9012."""
    return f"XXXXXXXX{aadhaar[-4:]}"


def mask_pan(pan: str) -> str:
    """Mask all but the four digits: XXXXX1234X."""
    return f"XXXXX{pan[5:9]}X"


MASKS = MappingProxyType({"aadhaar": mask_aadhaar, "pan": mask_pan})
"""How each identifier is masked, by the name of its field."""


def _is_ascii_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _length_code(text: str, length: int) -> str:
    return "TOO_SHORT" if len(text) < length else "TOO_LONG"


def _is_pan_mask(pan: str) -> bool:
    # XXXXX1234X has a PAN's own shape, and a fourth letter that a test identity may have.
    return len(pan) == PAN_CHARACTERS and _MASK_SIGNS.issuperset(pan[:5])


def _check_pan_positions(pan: str) -> None:
    for position, character in enumerate(pan[:5], start=1):
        if not character.isalpha():
            words = f"The first 5 characters must be letters. The {ordinal(position)} is a digit"
            raise RuleBroken("INVALID", words)
    for position, character in enumerate(pan[5:9], start=6):
        if not character.isdigit():
            words = f"The 6th to 9th characters must be digits. The {ordinal(position)} is the letter {character}"
            raise RuleBroken("INVALID", words)
    if not pan[9].isalpha():
        raise RuleBroken("INVALID", "The last character must be a letter")


def _check_pan_holder(letter: str, allow_test_identities: bool) -> None:
    if letter == PERSON:
        return
    holder = HOLDERS.get(letter)
    if holder is not None:
        words = f"The 4th letter is {letter}: this PAN belongs to {holder}. A person’s has P"
        raise RuleBroken("INVALID", words)
    if not allow_test_identities:
        raise RuleBroken("INVALID", f"The 4th letter is {letter}: no PAN has that. A person’s has P")
