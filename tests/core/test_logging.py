"""The log: one JSON object a line whatever comes in, and nobody's data in it (BAR S41, P5-P7)."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import click
import pytest
from flask import Flask

from app.core import logfile
from app.core import logging as room_logging
from app.core.logfile import SharedLogFile
from app.core.logging import Stdout, configure, log, pii
from app.core.redaction import redact
from tests.core.toy_room import toy_room

NASTY = "a\r\nb\x1b[31m\x00\u2028\u2029\x7f\x85\ud800é"


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[Flask]:
    yield toy_room(tmp_path, LOG_LEVEL="DEBUG")
    configure("INFO", None)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    written = capsys.readouterr().out
    assert written.isascii()
    assert all(ord(letter) >= 32 and ord(letter) != 127 for letter in written.replace("\n", ""))
    return [json.loads(line) for line in written.splitlines()]


def test_a_request_is_one_line_with_route_and_without_query(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.test_client().get("/api/v1/notes?q=ravi", headers={"X-Request-ID": "abc-1"})
    (line,) = lines(capsys)
    assert line["route"] == "/api/v1/notes"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 200, "abc-1")
    assert line["duration_ms"] >= 0
    assert "ravi" not in json.dumps(line)
    assert datetime.fromisoformat(line["at"]).utcoffset() == datetime.now(UTC).utcoffset()


def test_a_path_without_a_route_is_not_written_out(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.test_client().get("/api/v1/ravi@example.com")
    assert [line["route"] for line in lines(capsys) if line["event"] == "request.ended"] == ["(none)"]


@pytest.mark.parametrize("given", ["a", "A.b_c-1", "x" * 64])
def test_a_sane_request_id_is_kept(app: Flask, given: str) -> None:
    assert app.test_client().get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "é", "<b>", "a,b", "{{7*7}}"])
def test_any_other_request_id_is_replaced_by_a_uuid7(app: Flask, given: str) -> None:
    made = app.test_client().get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert UUID(made).version == 7


def test_each_request_has_its_own_id(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/health/live").headers["X-Request-ID"] != client.get("/health/live").headers["X-Request-ID"]


def test_whatever_comes_in_stays_on_one_line(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    log.info(NASTY, **{NASTY: NASTY, "nested": [{"deep": NASTY}], "number": float("nan"), "thing": object()})
    logging.getLogger("library").warning("library says %s", NASTY)
    first, second = lines(capsys)
    assert first["event"].startswith("a\r\nb")
    assert first["thing"] == "<object>"
    assert second["logger"] == "library"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ravi@example.com", "[email]"),
        ("Duplicate entry 'asha.rao+1@mail.example.co.in' for key", "Duplicate entry '[email]' for key"),
        ("2341 2341 2346", "[aadhaar]"),
        ("no 2341-2341-2346.", "no [aadhaar]."),
        ("234123412346", "[aadhaar]"),
        ("+91 98765 43210", "[mobile]"),
        ("call 09876543210 now", "call [mobile] now"),
        ("abcpe1234f", "[pan]"),
        ("Bearer abc.def", "[credential]"),
        ("key rr_abcdefgh12345", "key [key]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "[token]"),
        ("01939012-1234-7123-8123-123456789012", "01939012-1234-7123-8123-123456789012"),
        ("2026-11-20T09:30:00.123456Z", "2026-11-20T09:30:00.123456Z"),
        ("GET /records?q=ravi&page=2 HTTP/1.1", "GET /records[query] HTTP/1.1"),
        ("Really?", "Really?"),
    ],
)
def test_what_looks_like_a_persons_data_or_a_credential_is_taken_out(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_a_long_text_is_cut() -> None:
    assert len(redact("x" * 100_000)) < 3000


def test_members_named_as_secrets_lose_their_value(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with app.app_context():
        digest = pii("ravi@example.com", "email")
    log.info("sign_in", password="hunter2", email=digest, Authorization="x", name=None)
    (line,) = lines(capsys)
    assert line["password"] == line["Authorization"] == "[hidden]"
    assert (line["email"], line["name"]) == (digest, None)


def test_a_digest_is_keyed_stable_and_told_apart_by_field(app: Flask, tmp_path: Path) -> None:
    other = toy_room(tmp_path, LOG_HASH_SECRET="another secret of more than 32 characters 0123456789")
    with app.app_context():
        first, again, elsewhere = (
            pii("a@example.com", "email"),
            pii("a@example.com", "email"),
            pii("a@example.com", "x"),
        )
    with other.app_context():
        rekeyed = pii("a@example.com", "email")
    assert first == again
    assert len({first, elsewhere, rekeyed}) == 3
    assert first.split(":")[1] != rekeyed.split(":")[1]
    assert [len(part) for part in first.split(":")] == [1, 4, 12]


def test_an_exception_is_logged_by_type_and_place_alone(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            raise ValueError("ravi")
        except ValueError as cause:
            raise RuntimeError("2341 2341 2346") from cause
    except RuntimeError:
        logging.getLogger("library").exception("it broke")
        log.error("it.broke", exc_info=True)
    found = lines(capsys)
    for line in found:
        assert [link["type"] for link in line["exception"]] == ["builtins.RuntimeError", "builtins.ValueError"]
        assert "test_logging.py:" in line["exception"][0]["frames"][0]
    assert "ravi" not in json.dumps(found)


def test_a_command_leaves_standard_output_to_its_result(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with click.Context(click.Command("keys")):
        log.info("done")
    assert capsys.readouterr().out == ""


def test_a_line_that_cannot_be_written_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    broken = logging.LogRecord("test", logging.INFO, "", 0, "%d", ("no number",), None)
    Stdout().handle(broken)
    assert capsys.readouterr().out == ""


def test_what_gunicorn_cannot_read_is_not_quoted(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("gunicorn.error").warning("Invalid HTTP request line: %r", "GET /records?q=ravi rao HTTP/1.1")
    (line,) = lines(capsys)
    assert line["event"] == "Invalid HTTP request line: "


def test_a_request_leaves_no_id_behind_for_what_is_logged_next(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.test_client().get("/api/v1/bare")
    log.info("between")
    assert "request_id" not in lines(capsys)[-1]


def test_access_lines_of_servers_stay_out(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("gunicorn.access").info("GET /records?q=ravi")
    logging.getLogger("werkzeug").info("GET /records?q=ravi")
    assert lines(capsys) == []


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, "", 0, text, None, None)


def test_a_log_file_rotates_and_keeps_five(tmp_path: Path) -> None:
    handler = SharedLogFile(tmp_path / "room.log", max_bytes=100, backups=5)
    for number in range(100):
        handler.emit(record(f"{number:03d} {'x' * 40}"))
    handler.close()
    names = sorted(path.name for path in tmp_path.glob("room.log*") if not path.name.endswith(".lock"))
    assert names == ["room.log", *(f"room.log.{number}" for number in range(1, 6))]
    assert (tmp_path / "room.log").read_text().splitlines()[-1].startswith("099")
    assert all(path.stat().st_size <= 100 for path in tmp_path.glob("room.log*"))


FOUR_WRITERS = """
import json, logging, os, runpy, sys
from pathlib import Path

SharedLogFile = runpy.run_path(sys.argv[1])["SharedLogFile"]
children = []
for writer in range(4):
    child = os.fork()
    if child:
        children.append(child)
        continue
    handler = SharedLogFile(Path(sys.argv[2]), max_bytes=20_000, backups=50)
    for number in range(200):
        text = json.dumps({"writer": writer, "number": number, "text": "x" * 60})
        handler.emit(logging.LogRecord("test", logging.INFO, "", 0, text, None, None))
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""


def test_processes_share_a_log_file_without_losing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "room.log"
    subprocess.run([sys.executable, "-c", FOUR_WRITERS, logfile.__file__, str(path)], check=True)
    found = [json.loads(line) for part in tmp_path.glob("room.log*") for line in part.read_text().splitlines()]
    assert len({(line["writer"], line["number"]) for line in found}) == len(found) == 800


def test_a_file_taken_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "room.log"
    handler = SharedLogFile(path)
    handler.emit(record("first"))
    path.unlink()
    handler.emit(record("second"))
    handler.close()
    assert path.read_text() == "second\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "room.log"
    path.symlink_to("/dev/full")
    handler = SharedLogFile(path)
    handler.emit(record("lost"))
    handler.close()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    handler = SharedLogFile(tmp_path / "file" / "room.log")
    handler.emit(record("lost"))
    handler.close()


def test_a_log_file_is_not_for_everybody(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        handler = SharedLogFile(tmp_path / f"{uuid4()}.log")
        handler.emit(record("x"))
        handler.close()
    finally:
        os.umask(before)
    (written,) = tmp_path.glob("*.log")
    assert written.stat().st_mode & 0o007 == 0


def test_the_setting_sends_lines_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", tmp_path / "room.log")
    room_logging.log.info("hello")
    configure("INFO", None)
    assert json.loads((tmp_path / "room.log").read_text())["event"] == "hello"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", ["234123412346", "ABCPE1234F", "9876543210"])
def test_the_line_of_a_request_takes_out_of_its_id_what_looks_like_a_persons_number(
    app: Flask, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    app.test_client().get("/api/v1/notes", headers={"X-Request-ID": given})
    (line,) = lines(capsys)
    assert line["event"] == "request.ended"
    assert given not in json.dumps(line)


def test_the_line_of_a_request_has_the_members_of_any_other(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = app.test_client()
    client.get("/api/v1/notes")
    client.open("/api/v1/notes", method="BREW")
    quick, ordinary = lines(capsys)
    assert list(quick) == list(ordinary)
    assert (quick["level"], quick["logger"]) == (ordinary["level"], ordinary["logger"])
