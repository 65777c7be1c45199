"""Files for the browser, addressed by their content so that a browser may keep them for ever."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

from app.core import compiled_templates
from app.core.drawing import Templates

FOR_EVER = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Let templates say `static_url('app.css')`, and let browsers keep what they got by it."""
    app.jinja_environment = Templates
    compiled_templates.init_app(app)
    app.jinja_env.globals["static_url"] = static_url
    app.after_request(_keep)


def static_url(filename: str) -> str:
    """Return the address of a static file with the digest of its content."""
    return _address(current_app.static_folder or "", request.script_root, filename)


@cache
def _address(folder: str, _root: str, filename: str) -> str:
    return url_for("static", filename=filename, v=_digest(Path(folder), filename))


@cache
def _digest(folder: Path, filename: str) -> str:
    return hashlib.sha256((folder / filename).read_bytes()).hexdigest()[:12]


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200:
        response.headers["Cache-Control"] = FOR_EVER if "v" in request.args else "no-cache"
    return response
