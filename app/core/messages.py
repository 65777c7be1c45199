"""Messages that wait for the next page: what was done, or what a person has to know before going on."""

from typing import cast

from flask import get_flashed_messages


def waiting() -> list[dict[str, str]]:
    """Return the messages that wait, and let them wait no longer."""
    pairs = cast("list[tuple[str, str]]", get_flashed_messages(with_categories=True))
    return [{"tone": tone, "text": words} for tone, words in pairs]
