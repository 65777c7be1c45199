"""Texts that people write: which characters may stand in them, and how long they are.

A text is trimmed and brought to NFC first; lengths count code points after that. Every `canonical_` function raises
RuleBroken, and no message repeats the text.
"""

import re
import unicodedata
from dataclasses import dataclass

from app.core.rules import NFC_SHRINKS_AT_MOST, RuleBroken, ordinal, trimmed

# Controls, halves of surrogate pairs, line and paragraph separators, bidi controls, what is there and not seen
# (soft hyphen, zero-width space, byte order mark), and the 66 noncharacters.
_UNSAFE = r"\x7f-\x9f\xad\u200b\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff" + "".join(
    f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(17)
)
_REFUSED_IN_LINE = re.compile(rf"[\x00-\x1f{_UNSAFE}]")
_REFUSED_IN_BLOCK = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSAFE}]")

_JOINERS = "\u200c\u200d"
_VIRAMA_CLASS = 9
# Letters and signs by category that are drawn as nothing: the Hangul fillers and the empty Braille cell.
_DRAWN_AS_NOTHING = frozenset("\u115f\u1160\u3164\uffa0\u2800")


@dataclass(frozen=True, slots=True)
class TextRule:
    """How long a text is, whether it has lines and needs a letter; `label` and `too_short` are its words."""

    label: str
    least: int
    most: int
    too_short: str
    has_lines: bool = False
    needs_letter: bool = False

    def canonical(self, text: str) -> str:
        """Return the text as it is stored. Raises RuleBroken."""
        clean = trimmed(text)
        if len(clean) > NFC_SHRINKS_AT_MOST * self.most:
            raise self._too_long(len(clean))
        if self.has_lines:
            clean = clean.replace("\r\n", "\n")
        clean = unicodedata.normalize("NFC", clean)
        self._check_characters(clean)
        if len(clean) < self.least:
            raise RuleBroken("TOO_SHORT", self.too_short)
        if len(clean) > self.most:
            raise self._too_long(len(clean))
        return clean

    def _check_characters(self, text: str) -> None:
        refused = (_REFUSED_IN_BLOCK if self.has_lines else _REFUSED_IN_LINE).search(text)
        if refused is not None:
            place = ordinal(refused.start() + 1)
            raise RuleBroken(
                "INVALID", f"{self.label} holds a sign that cannot stand there. It is the {place} character"
            )
        if text.startswith(tuple(_JOINERS)) or _ends_in_loose_joiner(text):
            raise RuleBroken("INVALID", f"{self.label} begins or ends with an invisible joiner. Delete it")
        if not any(map(_is_visible, text)):
            raise RuleBroken("INVALID", f"{self.label} holds no sign that can be seen")
        if self.needs_letter and not any(map(_is_letter, text)):
            raise RuleBroken("INVALID", self.too_short)

    def _too_long(self, length: int) -> RuleBroken:
        return RuleBroken("TOO_LONG", f"{self.label} has at most {self.most} characters. You typed {length}")


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" and character not in _DRAWN_AS_NOTHING


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _DRAWN_AS_NOTHING


def _ends_in_loose_joiner(text: str) -> bool:
    # After a virama a joiner shapes the last letter: അനില്‍ is how much of Kerala writes Anil.
    return text.endswith(tuple(_JOINERS)) and unicodedata.combining(text[-2:-1] or " ") != _VIRAMA_CLASS
