"""JSON by orjson: one encoder for `reply`, `jsonify` and templates."""

from typing import Any

import orjson
from flask import Flask
from flask.json.provider import JSONProvider

from app.core.doors import encode


class OrjsonProvider(JSONProvider):
    """Flask's JSON, done by orjson. Nothing reads requests through it: `core/validation.py` is stricter."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Write as text."""
        return encode(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """Read text or bytes."""
        return orjson.loads(s)


def init_app(app: Flask) -> None:
    """Make orjson the application's JSON."""
    app.json = OrjsonProvider(app)
