"""The addresses of a list's rows: one is made, and each row puts its id and its place into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import url_for

_HOLE = uuid4()
"""Stands where the id and the place belong; nobody knows it, so nothing that was typed can hold it."""


@dataclass(frozen=True, slots=True)
class RowLinks:
    """The addresses of one page of rows: what leads to the person, and to changing them for who may."""

    show: tuple[str, ...]
    edit: tuple[str, ...] | None

    @classmethod
    def of(cls, place: Mapping[str, Any], *, may_write: bool) -> "RowLinks":
        """Return the addresses of rows opened from a list; `place` says how that was asked for."""
        return cls(
            _pattern("records_web.show_record", place),
            _pattern("records_web.edit_record", place) if may_write else None,
        )

    def show_url(self, record_id: UUID, row: int | None) -> str:
        """Return where a row leads."""
        return _fill(self.show, record_id, row)

    def edit_url(self, record_id: UUID, row: int | None) -> str:
        """Return where a row is changed; empty for who may not."""
        return _fill(self.edit, record_id, row) if self.edit else ""


def placed(query: Mapping[str, Any], total: int) -> dict[str, Any]:
    """Return the place of rows in a list that is stepped through: which of how many is filled in for each."""
    return {**query, "row": _HOLE, "of": total}


def _pattern(endpoint: str, place: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(url_for(endpoint, record_id=_HOLE, **place).split(str(_HOLE)))


def _fill(pattern: tuple[str, ...], record_id: UUID, row: int | None) -> str:
    return f"{pattern[0]}{record_id}{str(row).join(pattern[1:])}"
