"""The room that is measured: a database full of people, the settings of production, and a clerk signed in."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import bindparam, create_engine, text

from benchmarks.operations import Known
from benchmarks.server import ROOT, environ
from tests.settings import production_settings

ADMIN = {"email": "admin@example.com", "password": "Bench-Marks-4-All"}
SAMPLE = 1000
CROWD_SEED = 900
PIECE = 250_000
MANY = "1000000"


def settings(database_url: str) -> dict[str, str]:
    """Return the settings: production's, every safeguard on, and limits that are counted but never reached."""
    return production_settings(
        database_url,
        RATE_LIMIT_PER_MINUTE=MANY,
        RATE_LIMIT_AUTH_PER_MINUTE=MANY,
        ADMIN_EMAIL=ADMIN["email"],
        ADMIN_PASSWORD=ADMIN["password"],
        WEB_THREADS="4",
    )


def flask(given: Mapping[str, str], *arguments: str, told: str = "") -> str:
    """Run `flask --app wsgi …` on the room."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**environ(), **given}, input=told, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def fill(given: Mapping[str, str], rows: int) -> None:
    """Bring the schema up to date, make the clerk, and add what is missing of so many people."""
    flask(given, "db", "upgrade")
    flask(given, "accounts", "create-admin", "--email", ADMIN["email"], "--password-stdin", told=ADMIN["password"])
    pieces = [min(PIECE, rows - start) for start in range(0, rows, PIECE)]

    def generate(seed: int) -> None:
        flask(given, "records", "generate", "--count", str(pieces[seed]), "--seed", str(seed))

    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
        list(pool.map(generate, range(len(pieces))))


def sample(database_url: str) -> Sequence[tuple[UUID, str, str]]:
    """Return some live records from all over the table: id, e-mail, mobile."""
    live = "SELECT id FROM user_records WHERE is_deleted = 0 AND created_by IS NULL ORDER BY id"
    engine = create_engine(database_url)
    with engine.connect() as connection:
        ids = connection.execute(text(live)).scalars().all()
        chosen = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
        wanted = text("SELECT id, email, primary_mobile FROM user_records WHERE id IN :ids")
        rows = connection.execute(wanted.bindparams(bindparam("ids", expanding=True)), {"ids": chosen}).all()
    engine.dispose()
    return [(UUID(bytes=bytes(row[0])), row[1], row[2]) for row in rows]


def fresh(database_url: str) -> Sequence[UUID]:
    """Return the live records that the load itself has made."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        mine = text("SELECT id FROM user_records WHERE is_deleted = 0 AND created_by IS NOT NULL")
        ids = [UUID(bytes=bytes(found)) for found in connection.execute(mine).scalars()]
    engine.dispose()
    return ids


def enter(port: int, database_url: str, seed: int) -> Known:
    """Sign the clerk in at both doors, and look around."""
    token = json.loads(_ask(port, "POST", "/api/v1/auth/login", json.dumps(ADMIN))[1])["access_token"]
    people = sample(database_url)
    listed = json.loads(_ask(port, "GET", "/api/v1/users/?page_size=1", Authorization=f"Bearer {token}")[1])
    deep_page = max(1, listed["total_pages"] // 10 * 6 // 10)
    by_name, deep = (
        json.loads(_ask(port, "GET", f"/api/v1/users/?page={deep_page}{order}", Authorization=f"Bearer {token}")[1])
        for order in ("&sort=name", "")
    )
    return Known(
        token=token,
        cookie=_session(port),
        ids=[person[0] for person in people],
        emails=[person[1] for person in people],
        mobiles=[person[2] for person in people],
        cursor=deep["next_cursor"],
        name_cursor=by_name["next_cursor"],
        deep_page=deep_page,
        seed=seed,
        sign_in=ADMIN,
    )


def _session(port: int) -> str:
    """Sign in at the pages, and return the cookie."""
    headers, page = _ask(port, "GET", "/login")
    cookie = headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    form = {"csrf_token": token[1] if token else "", "email": ADMIN["email"], "password": ADMIN["password"]}
    headers, _page = _ask(port, "POST", "/login", urlencode(form), Cookie=cookie)
    return headers["Set-Cookie"].partition(";")[0]


def _ask(port: int, method: str, path: str, body: str | None = None, **known: str) -> tuple[Message, str]:
    kind = "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {**known, **({"Content-Type": kind} if body else {})})
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {told[:500]}")
    return answer.headers, told
