"""Connections to the database share what costs much to make, and nobody is trusted for that."""

import ssl
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pymysql.connections import Connection

from app.core.tls_context import OneContext
from app.extensions import db
from tests.services.certificates import make_certificate
from tests.services.mariadb import UNSEALED


def test_a_further_connection_makes_no_context_of_its_own(
    engine_url: str, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    app = make_app(DATABASE_URL=engine_url.removesuffix(UNSEALED))
    with app.app_context(), ExitStack() as held:
        pool = db.engine.pool.recreate()
        held.enter_context(closing(pool.connect()))
        monkeypatch.setattr(ssl, "create_default_context", lambda **named: made.append(named))
        for _ in range(3):
            held.enter_context(closing(pool.connect()))
        assert pool.checkedout() == 4  # type: ignore[attr-defined]  # a pool of this kind has it
    pool.dispose()
    assert made == []


def test_the_one_that_is_shared_is_what_the_library_would_have_made() -> None:
    ours, theirs = context(OneContext(defer_connect=True)), context(Connection(defer_connect=True))
    assert ours is context(OneContext(defer_connect=True)) is not theirs
    for name in ("verify_mode", "verify_flags", "check_hostname", "minimum_version", "options"):
        assert getattr(ours, name) == getattr(theirs, name), name


def test_who_names_an_authority_has_a_context_of_its_own_that_asks_it(tmp_path: Path) -> None:
    make_certificate(tmp_path, "localhost")
    authority = str(tmp_path / "fullchain.pem")
    strict = context(OneContext(defer_connect=True, ssl_ca=authority, ssl_verify_identity=True))
    assert strict is not context(OneContext(defer_connect=True))
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)


def context(connection: Any) -> ssl.SSLContext:
    """Return what a connection would speak TLS with."""
    found: ssl.SSLContext = connection.ctx
    return found
