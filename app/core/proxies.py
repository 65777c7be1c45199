"""How many proxies are believed about who called, and no more (`TRUSTED_PROXIES`)."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config


def init_app(app: Flask) -> None:
    """Take address and scheme from exactly the trusted proxies; without any, from the connection alone."""
    config: Config = app.extensions["config"]
    hops = config.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # Flask's own way to wrap
