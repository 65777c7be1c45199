"""Two people changed one record from the same version: what merges by itself, and what somebody has to choose.

Pure: three sets of values in, one verdict for each field out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any


class Side(StrEnum):
    """Who changed a field since the version both began with."""

    NOBODY = "nobody"
    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"


class Choice(StrEnum):
    """How a clash was settled."""

    THEIRS = "theirs"
    MINE = "mine"
    OTHER = "other"


WORDS = {Choice.THEIRS: "theirs", Choice.MINE: "mine", Choice.OTHER: "neither, typed anew"}


@dataclass(frozen=True, slots=True)
class MergedField:
    """One field of the three versions, and who changed it. Both who changed it alike are `theirs`: it is saved."""

    name: str
    base: Any
    theirs: Any
    mine: Any
    side: Side

    @property
    def clashes(self) -> bool:
        """Whether somebody has to choose."""
        return self.side is Side.BOTH

    @property
    def merged(self) -> Any:
        """What the field becomes where nobody has to choose."""
        return self.mine if self.side is Side.MINE else self.theirs


@dataclass(frozen=True, slots=True)
class Settled:
    """A clash somebody decided; `other` is what they typed instead of both."""

    choice: Choice
    other: Any = None


def merge(
    fields: Iterable[str], base: Mapping[str, Any] | None, theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> list[MergedField]:
    """Compare the three versions field by field, in the given order; clashes come first, then what changed.

    Without a base nothing can be merged by itself: whatever differs is a clash.
    """
    compared = [_compare(name, base, theirs.get(name), mine.get(name, theirs.get(name))) for name in fields]
    order = (Side.BOTH, Side.THEIRS, Side.MINE, Side.NOBODY)
    return sorted(compared, key=lambda field: order.index(field.side))


def _compare(name: str, base: Mapping[str, Any] | None, theirs: Any, mine: Any) -> MergedField:
    if base is None:
        return MergedField(name, None, theirs, mine, Side.NOBODY if theirs == mine else Side.BOTH)
    opened = base.get(name)
    if theirs == mine:
        side = Side.NOBODY if theirs == opened else Side.THEIRS
    elif theirs == opened:
        side = Side.MINE
    else:
        side = Side.THEIRS if mine == opened else Side.BOTH
    return MergedField(name, opened, theirs, mine, side)


def result_of(merged: Sequence[MergedField], settled: Mapping[str, Settled]) -> dict[str, Any]:
    """Return what has to change in what they saved to come to the result."""
    values = {field.name: _value(field, settled.get(field.name)) for field in merged}
    saved = {field.name: field.theirs for field in merged}
    return {name: value for name, value in values.items() if value != saved[name]}


def open_clashes(merged: Iterable[MergedField], settled: Mapping[str, Settled]) -> list[str]:
    """Name the clashes nobody has decided yet."""
    return [field.name for field in merged if field.clashes and field.name not in settled]


def _value(field: MergedField, settled: Settled | None) -> Any:
    if not field.clashes or settled is None:
        return field.merged
    return {Choice.THEIRS: field.theirs, Choice.MINE: field.mine, Choice.OTHER: settled.other}[settled.choice]


def who_won(merged: Iterable[MergedField], settled: Mapping[str, Settled]) -> dict[str, str]:
    """Say for each field that was not the same everywhere whose value it got."""
    won = {}
    for field in merged:
        if field.clashes and field.name in settled:
            won[field.name] = WORDS[settled[field.name].choice]
        elif field.side in (Side.MINE, Side.THEIRS):
            won[field.name] = f"{field.side.value}, merged by itself"
    return won


def differing_words(text: str, other: str) -> list[tuple[str, bool]]:
    """Cut a text into pieces, each with whether its words are missing in the other text."""
    words, others = _words(text), _words(other)
    matcher = SequenceMatcher(None, others, words, autojunk=False)
    return [
        ("".join(words[start:end]), kind != "equal")
        for kind, _first, _last, start, end in matcher.get_opcodes()
        if end > start
    ]


def _words(text: str) -> list[str]:
    """Cut after each word, so that the pieces put together are the text again."""
    pieces: list[str] = []
    for character in text:
        if pieces and not (pieces[-1][-1].isspace() and not character.isspace()):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces
