"""What comes through nginx, and what nginx says itself (BAR R9, S23, S30, P7, P9)."""

import json
import re
import ssl
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.factories import record_input
from tests.faults.room import wait_for
from tests.proxy.conftest import House
from tests.services.mariadb import free_port
from tests.services.nginx import HOST, Answer, Nginx, read

SECURITY = {
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Strict-Transport-Security",
    "X-Request-ID",
    "Cache-Control",
}
WIDE = "\U0001f3e0"  # four bytes in UTF-8


def secured(answer: Answer) -> None:
    """Hold an answer to the headers that each has to carry once, and to no version of a program."""
    counts = {name: len(answer.headers.get_all(name, [])) for name in SECURITY}
    assert counts == dict.fromkeys(SECURITY, 1), (answer.status, counts)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"):
        assert part in policy
    assert answer.headers["Server"] == "nginx"


# --- ETags and compression -----------------------------------------------------------------------------------------


def test_the_etag_of_the_largest_record_taken_with_compression_fits_if_match(house: House) -> None:
    wide = WIDE * 1000
    given = record_input(name=f"A{WIDE * 254}", current_address=wide, permanent_address=wide)
    made = house.call("POST", "/users/", given, Accept_Encoding="gzip")
    assert made.status == 201, made.text
    got = house.call("GET", made.headers["Location"].removeprefix("/api/v1"), Accept_Encoding="gzip, br")
    assert len(got.body) > 8000
    for answer in (made, got):
        assert "Content-Encoding" not in answer.headers
        assert re.fullmatch(r'"[0-9a-f-]{36}"', answer.headers["ETag"])
    path = f"/users/{got.json['id']}"
    changed = house.call("PATCH", path, {"name": "Asha Rao"}, If_Match=got.headers["ETag"], Accept_Encoding="gzip")
    assert changed.status == 200
    assert house.call("GET", path, If_None_Match=changed.headers["ETag"]).status == 304
    assert house.call("DELETE", path, If_Match=got.headers["ETag"]).status == 412


def test_lists_are_compressed_and_pages_with_personal_data_are_not(house: House) -> None:
    found = house.call("GET", "/users/?page_size=60", Accept_Encoding="gzip")
    assert (found.headers["Content-Encoding"], found.headers["Cache-Control"]) == ("gzip", "no-store")
    assert {"Authorization", "Accept-Encoding"} <= set(re.split(r", *", ", ".join(found.headers.get_all("Vary"))))
    page = house.nginx.ask("GET", "/login", headers={"Accept-Encoding": "gzip"})
    assert (page.status, page.headers["Content-Encoding"]) == (200, None)


# --- static files --------------------------------------------------------------------------------------------------


def test_static_files_come_from_nginx_compressed_beforehand_and_are_kept_for_ever(house: House) -> None:
    page = house.nginx.ask("GET", "/login").text
    [address] = re.findall(r'href="(/static/app\.css\?v=[0-9a-f]+)"', page)
    before = house.server.output()
    got = house.nginx.ask("GET", address, headers={"Accept-Encoding": "gzip"})
    assert got.status == 200
    assert got.headers["Content-Encoding"] == "gzip"
    assert int(got.headers["Content-Length"]) == (house.nginx.static / "app.css.gz").stat().st_size
    assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert got.headers["Content-Type"] == "text/css; charset=utf-8"
    secured(got)
    bare = house.nginx.ask("GET", "/static/app.css")
    assert (bare.headers["Cache-Control"], bare.headers["Content-Encoding"]) == ("no-cache", None)
    assert house.server.output() == before


def test_a_page_finds_every_file_it_names(house: House) -> None:
    page = house.nginx.ask("GET", "/login").text
    named = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert len(named) > 3
    assert {house.nginx.ask("GET", address).status for address in named} == {200}


@pytest.mark.parametrize("path", ["/static/", "/static/none.js", "/static/../config.py", "/static/%2e%2e/config.py"])
def test_what_is_no_static_file_is_not_found(house: House, path: str) -> None:
    answer = house.nginx.ask("GET", path)
    assert answer.status == 404
    assert "Setting" not in answer.text
    assert answer.headers.get_content_type() == "text/html"
    secured(answer)


# --- nginx's own answers -------------------------------------------------------------------------------------------


def test_plain_http_points_to_https_and_nowhere_else(house: House) -> None:
    with closing(HTTPConnection("127.0.0.1", house.nginx.plain_port, timeout=5)) as connection:
        connection.request("GET", "/records?q=x", headers={"Host": "evil.example"})
        answer = read(connection.getresponse())
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/records?q=x")
    assert answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers


def test_another_name_gets_no_handshake_and_no_answer(house: House) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"), house.nginx.line("evil.example"):
        pass
    answer = house.nginx.raw(b"GET /login HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 ")


def test_http_2_is_offered(house: House) -> None:
    with house.nginx.line(protocols=("h2", "http/1.1")) as line:
        assert line.selected_alpn_protocol() == "h2"
        assert line.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_body_too_large_is_refused_by_the_application_first_and_by_nginx_beyond(house: House) -> None:
    for size in (1_500_000, 3_000_000):
        answer = house.call("POST", "/users/", {"name": "x" * size})
        assert (answer.status, answer.json["code"]) == (413, "REQUEST_TOO_LARGE")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]
        secured(answer)
    page = house.nginx.ask("POST", "/login", b"x" * 3_000_000)
    assert (page.status, page.headers.get_content_type()) == (413, "text/html")
    secured(page)


@pytest.mark.parametrize("headers", [{"X-Long": "x" * 9000}, {f"X-{n}": "x" * 7000 for n in range(6)}])
def test_headers_too_long_are_a_problem(house: House, headers: dict[str, str]) -> None:
    answer = house.nginx.ask("GET", "/api/v1/users/", headers=headers)
    assert (answer.status, answer.json["code"]) == (400, "MALFORMED_REQUEST")
    secured(answer)


def test_an_address_too_long_is_a_problem(house: House) -> None:
    answer = house.nginx.ask("GET", f"/api/v1/users/?q={'x' * 9000}")
    assert (answer.status, answer.json["code"]) == (400, "MALFORMED_REQUEST")
    secured(answer)


def test_a_long_address_that_nginx_takes_is_taken_by_gunicorn_too(house: House) -> None:
    answer = house.call("GET", f"/users/search/?q={'x' * 7500}")
    assert (answer.status, answer.json["code"]) == (422, "VALIDATION_ERROR")


def test_while_the_application_is_away_programs_get_a_problem_and_people_a_page(before: Callable[[int], Nginx]) -> None:
    nginx = before(free_port())
    problem = nginx.ask("POST", "/api/v1/users/", "{}", {"X-Request-ID": "mine-1"})
    assert (problem.status, problem.json["code"], problem.json["request_id"]) == (503, "UNAVAILABLE", "mine-1")
    document, page = nginx.ask("GET", "/api/v1/openapi.json"), nginx.ask("GET", "/records")
    assert {answer.headers["Content-Type"] for answer in (problem, document)} == {"application/problem+json"}
    assert (page.status, page.headers.get_content_type()) == (503, "text/html")
    for answer in (problem, page):
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
        secured(answer)
    assert nginx.ask("GET", "/static/app.css").status == 200


def test_answers_of_the_application_carry_each_header_once(house: House) -> None:
    answers = [
        house.nginx.ask("GET", "/login"),
        house.nginx.ask("GET", "/nowhere"),
        house.call("GET", "/users/"),
        house.call("GET", "/nowhere"),
        house.nginx.ask("GET", "/health"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 200, 404, 200]
    for answer in answers:
        secured(answer)


# --- who called ----------------------------------------------------------------------------------------------------


def test_the_address_is_the_callers_whatever_the_caller_says(house: House) -> None:
    spoofed = {
        "X-Forwarded-For": "10.1.2.3", "X-Real-IP": "10.1.2.3", "Forwarded": "for=10.1.2.3",
        "X-Forwarded-Proto": "http", "X-Forwarded-Ssl": "off", "X-Forwarded-Host": "evil.example",
        "Content-Type": "application/json", "X-Request-ID": "spoofed-1",
    }  # fmt: skip
    wrong = json.dumps({"email": "nobody@example.com", "password": "Wrong-1234"})
    answer = house.nginx.ask("POST", "/api/v1/auth/login", wrong, spoofed, source="127.0.0.21")
    assert answer.status == 401
    assert "evil.example" not in answer.text
    [entry] = house.call("GET", "/audit?request_id=spoofed-1").json["data"]
    assert entry["ip"] == "127.0.0.21"


def test_the_guard_of_sign_in_counts_by_address_and_only_sign_ins(house: House) -> None:
    def attempt(source: str) -> Answer:
        body, kind = '{"email": "nobody@example.com"}', {"Content-Type": "application/json"}
        return house.nginx.ask("POST", "/api/v1/auth/login", body, kind, source=source)

    answers = [attempt("127.0.0.31") for _ in range(14)]
    assert {answer.status for answer in answers[:11]} == {422}
    last = answers[-1]
    assert (last.status, last.json["code"], last.headers["Retry-After"]) == (429, "RATE_LIMITED", "2")
    assert re.fullmatch('"default";q=[0-9]+;w=60', last.headers["RateLimit-Policy"])
    assert last.headers["RateLimit"] == '"default";r=0;t=2'
    secured(last)
    page = house.nginx.ask("POST", "/login", "", source="127.0.0.31")
    assert (page.status, page.headers.get_content_type()) == (429, "text/html")
    assert attempt("127.0.0.32").status == 422
    assert house.nginx.ask("GET", "/login", source="127.0.0.31").status == 200
    refreshes = [house.nginx.ask("POST", "/api/v1/auth/validate-token", "{}", source="127.0.0.31") for _ in range(14)]
    assert 429 not in {answer.status for answer in refreshes}


def test_metrics_are_not_to_be_had_through_nginx(house: House) -> None:
    assert house.nginx.ask("GET", "/metrics").status == 404


# --- the log -------------------------------------------------------------------------------------------------------


def test_the_access_log_has_neither_queries_nor_personal_data_and_the_id_of_the_applications_log(house: House) -> None:
    for path in (
        "/api/v1/users/search/?q=Verma", "/records/234567890123", "/api/v1/users/ABCPE1234F", "/x/asha@example.com",
        "/x/%E2%80%A8%ff", "/verify-email?token=eyJhbGciOi.x.y",
    ):  # fmt: skip
        house.nginx.ask("GET", path, headers={"X-Request-ID": "logged-1", "User-Agent": "asha@example.com"})
    house.nginx.ask("GET", "/login", headers={"X-Request-ID": "not sane"})
    wait_for(lambda: house.nginx.log()[-1]["path"] == "/login")
    lines = house.nginx.log()
    mine = [line["path"] for line in lines if line["request_id"] == "logged-1"]
    assert mine == ["/api/v1/users/search/", "(hidden)", "(hidden)", "(hidden)", "/x/%E2%80%A8%ff", "/verify-email"]
    assert re.fullmatch(r"[0-9a-f]{32}", lines[-1]["request_id"])
    written = (house.nginx.folder / "record-room.log").read_text()
    for secret in ("Verma", "234567890123", "ABCPE1234F", "asha", "eyJ", "?"):
        assert secret not in written
    assert house.server.output().count('"logged-1"') == 6
    assert lines[-1]["request_id"] in house.server.output()


def test_a_path_with_a_record_is_logged_whole(house: House) -> None:
    for end in ("012345678901", "abcde1234f01"):
        path = f"/api/v1/users/01a01234-5678-7abc-8123-{end}"
        house.nginx.ask("GET", path)
        wait_for(lambda path=path: house.nginx.log()[-1]["path"] == path)  # type: ignore[misc]  # the default binds it
