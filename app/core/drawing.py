"""Small drawings that stand on every page: icons, badges, the menu. The same words look the same each time.

A component wraps such a macro at its end: `{% set icon = kept(_icon) %}`. What it draws may hang on its arguments
alone, and on nothing of one request: no token of a form, no key, no person. The addresses of files are the same for
all, because the room has a host of its own.
"""

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from flask.templating import Environment

KEPT = 512


class Templates(Environment):
    """Flask's templates, which share what is said to all of them in a plain dictionary.

    Jinja's own chain of two is searched name by name at each import of a component, of which a page has a dozen.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template knows without being told."""
        return {**self.globals, **(d or {})}


def kept(macro: Callable[..., str]) -> Callable[..., str]:
    """Return the macro drawn once for the same arguments; the ones drawn last are kept.

    The arguments are texts, numbers and flags, or tuples of a template's own words. They are told apart by their types
    too: else a text that somebody typed, and that equals a piece of the page, would come out as that, unescaped.
    """

    @lru_cache(maxsize=KEPT, typed=True)
    def drawn(*values: Any, **named: Any) -> str:
        return macro(*values, **named)

    return drawn
