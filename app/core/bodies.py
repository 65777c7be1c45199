"""A request's body arrives whole or is refused: no half of one is ever taken for all of it.

A caller who goes away in the middle leaves a body that ends early, and the half of a form is a form too. A body in
chunks may end in bytes that are no chunk; gunicorn notices only while the application reads it. Both are told here,
below everything that reads bodies, as what they are: a request that cannot be read.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from flask import Flask
from gunicorn.http.errors import ParseException

from app.core.errors import MalformedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CUT_OFF = "The body of the request did not arrive whole. Nothing was saved."
UNREADABLE = "The body of the request is not framed as its headers say. Nothing was saved."


class Stream(Protocol):
    """What a server gives to read a body from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, or fewer at the end."""
        ...


class WholeBody:
    """A body that tells when it ends before its announced length."""

    def __init__(self, stream: Stream, announced: int | None) -> None:
        self._stream = stream
        self._missing = announced

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises MalformedRequest when it cannot be read, or is over too early."""
        try:
            data = self._stream.read(size)
        except ParseException:
            raise MalformedRequest(UNREADABLE) from None
        except OSError:
            raise MalformedRequest(CUT_OFF) from None
        if self._missing is not None:
            self._missing -= len(data)
            if self._missing > 0 and (size < 0 or len(data) < size):
                raise MalformedRequest(CUT_OFF)
        return data


def init_app(app: Flask) -> None:
    """Have every body read through this."""
    inner = app.wsgi_app

    def with_whole_body(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH")
        if length or "HTTP_TRANSFER_ENCODING" in environ:
            announced = int(length) if length and length.isdecimal() else None
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], announced)
        return inner(environ, start_response)

    app.wsgi_app = with_whole_body  # type: ignore[method-assign]  # Flask's own way to wrap
