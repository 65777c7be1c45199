"""What must not be seen: every spelling of a person's values, plain and as a hash that anybody could compute."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from app.extensions import db

NUMBERS = ("aadhaar", "pan")
PERSONAL = (*NUMBERS, "email", "primary_mobile", "secondary_mobile")


def spellings(field: str, value: str) -> set[str]:
    """Return the common ways to write a value."""
    found = {value, value.lower(), value.upper(), value[::-1]}
    if field == "aadhaar":
        groups = (value[:4], value[4:8], value[8:])
        found |= {" ".join(groups), "-".join(groups)}
    if field.endswith("mobile"):
        found |= {f"+91{value}", f"91{value}", f"0{value}", f"{value[:5]} {value[5:]}", f"+91 {value[:5]} {value[5:]}"}
    return found


def hashes(value: str) -> Iterator[bytes]:
    """Return what the usual unkeyed hashes make of a value, raw, in hex and in base64."""
    for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
        raw = hashlib.new(name, value.encode()).digest()
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield base64.b64encode(raw).rstrip(b"=")


def traces(people: Iterable[Mapping[str, Any]], fields: Iterable[str], *, hashed: bool) -> dict[bytes, str]:
    """Return every forbidden piece of bytes, and whose and which it is."""
    found = {}
    wanted = tuple(fields)
    for place, person in enumerate(people):
        for field in wanted:
            for spelling in spellings(field, person[field]) if person.get(field) else ():
                found[spelling.encode()] = f"{field} of person {place}"
                if hashed:
                    found |= dict.fromkeys(hashes(spelling), f"hash of {field} of person {place}")
                    found[base64.b64encode(spelling.encode()).rstrip(b"=")] = f"base64 of {field} of person {place}"
                    found[spelling.encode().hex().encode()] = f"hex of {field} of person {place}"
    return found


def assert_unseen(forbidden: Mapping[bytes, str], where: bytes, what: str) -> None:
    """Fail when a forbidden piece stands in some bytes."""
    seen = sorted({whose for piece, whose in forbidden.items() if piece in where})
    assert not seen, f"{what} holds {seen}"


def stored(app: Flask) -> Iterator[tuple[str, bytes]]:
    """Yield everything a database holds: the files of SQLite, the rows of each table on every engine."""
    with app.app_context():
        url = make_url(app.extensions["config"].database_url)
        tables = inspect(db.engine).get_table_names()
        for table in tables:
            rows = db.session.execute(text(f"SELECT * FROM {table}")).all()
            for row in rows:
                values = [bytes(value) if isinstance(value, bytes) else str(value).encode() for value in row]
                yield table, b"\n".join(values)
        db.session.rollback()
    if url.get_backend_name() == "sqlite":
        for ending in ("", "-wal", "-journal"):
            file = Path(f"{url.database}{ending}")
            if file.exists():
                yield file.name, file.read_bytes()


def tables_and_files(app: Flask) -> Iterator[tuple[str, bytes]]:
    """Yield everything a database holds, the rows of a table as one piece: thousands of traces are sought in each."""
    for place, found in groupby(stored(app), itemgetter(0)):
        yield place, b"\n\n".join(content for _place, content in found)
