"""How answers of a provider come in: no redirects, a little at most, and within seconds."""

from io import BytesIO
from time import monotonic
from typing import Any

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

CONNECT_SECONDS, SILENT_SECONDS, WHOLE_SECONDS = 3, 5, 8
PIECE_BYTES, LARGEST_BYTES = 4096, 256 * 1024


class CarefulAdapter(HTTPAdapter):
    """Sends requests to somebody who may be slow or worse."""

    def send(self, request: PreparedRequest, *_given: Any, **options: Any) -> Response:
        """Send a request and read its whole answer. Raises RequestException."""
        until = monotonic() + WHOLE_SECONDS
        answer = super().send(request, **{**options, "stream": True, "timeout": (CONNECT_SECONDS, SILENT_SECONDS)})
        try:
            if 300 <= answer.status_code < 400:
                raise RequestException("a redirect, which nothing here may answer with")
            return _whole(answer, _read(answer, until))
        finally:
            answer.close()


def _whole(answer: Response, body: bytes) -> Response:
    """Return an answer that has come in already."""
    whole = Response()
    whole.status_code, whole.headers, whole.encoding = answer.status_code, answer.headers, answer.encoding
    whole.url, whole.request, whole.raw = answer.url, answer.request, BytesIO(body)
    return whole


def _read(answer: Response, until: float) -> bytes:
    """Read whatever has come in, again and again: who sends a byte now and then does not hold us beyond the time."""
    body = bytearray()
    try:
        while piece := answer.raw.read1(PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > LARGEST_BYTES:
                raise RequestException("an answer that is too large")
            if monotonic() > until:
                raise RequestException("an answer that takes too long")
    except HTTPError as error:
        raise RequestException("an answer that breaks off") from error
    return bytes(body)
