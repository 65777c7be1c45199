"""What a link or a code is bound to: this record, this address, and this version of it."""

from typing import Any

from app.core import links


def email_bond(record: Any) -> bytes:
    """Return what a link to a record's address is bound to."""
    return links.state_of("record.email", str(record.id), record.email, _text(record.email_version))


def mobile_bond(record: Any) -> bytes:
    """Return what a code for a record's mobile is bound to."""
    return links.state_of("record.mobile", str(record.id), record.primary_mobile, _text(record.mobile_version))


def _text(version: object) -> str | None:
    return None if version is None else str(version)
