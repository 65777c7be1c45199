"""What gunicorn cannot read is refused in the application's words (gunicorn_worker.py).

The library would answer with a page of its own, which has neither a request id nor the headers that every answer
carries, and quotes what was sent. So the application is asked to refuse a request of which it is told nothing but the
status: no address, no header and no body of the caller gets there.
"""

import sys
from collections.abc import Callable
from contextlib import closing, suppress
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from gunicorn.http import errors
from gunicorn.http.wsgi import Response

STATUSES = {errors.LimitRequestLine: 414, errors.ExpectationFailed: 417, errors.LimitRequestHeaders: 431}
OTHERWISE = 400
# What went wrong with an answer, or with gunicorn's settings, is no fault of a caller.
OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
# app/core/headers.py looks for it. What callers say begins with HTTP_ there, so nobody else can say this.
STATUS_KEY = "record_room.unreadable"
# Another application, which does not look for it, has no such path, and refuses it too.
PATH, METHOD = "/api/-/unreadable", "-"


def is_unreadable(error: Exception) -> bool:
    """Tell whether an error says that a request cannot be read."""
    return isinstance(error, errors.ParseException) and not isinstance(error, OURS)


def refuse(application: Callable[..., Any], error: Exception, sock: Any, ip: str, cfg: Any) -> None:
    """Have the application refuse what cannot be read; the connection ends with that."""
    response = Response(SimpleNamespace(method=METHOD, version=(1, 1), should_close=lambda: True), sock, cfg)
    environ = _environ(STATUSES.get(type(error), OTHERWISE), ip)
    with suppress(OSError), closing(application(environ, response.start_response)) as parts:
        for part in parts:
            response.write(part)
        response.close()


def _environ(status: int, ip: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": METHOD,
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": ip,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        STATUS_KEY: status,
    }
