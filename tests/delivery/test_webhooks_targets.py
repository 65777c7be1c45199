"""Where webhooks may lead: not inside, neither by their address nor by what its name stands for at the moment."""

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from flask import Flask

from app.core.errors import ValidationFailed
from app.core.validation import check
from app.delivery import posting
from app.delivery.schemas_webhooks import WebhookInput
from app.delivery.targets import NoSuchHost, TargetRefused, addresses_of, ask_resolver, read_target
from app.delivery.webhooks import create_webhook
from tests.browsing import JsonClient, messages
from tests.delivery.webhook_room import ATTEMPT_SECONDS, deliver, make, publish, rows
from tests.factories import MadeAccount, actor_of
from tests.services.receiver import answer, receiving

INSIDE = (
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://0/",
    "https://localhost/",
    "https://room.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://intranet/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:53aa:64c::1]/",
)
MALFORMED = (
    "http://example.com/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/#@127.0.0.1",
    "https://example.com:99999/",
    "https://example.com:0/",
    "https:///hook",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://exa mple.com/",
    "https://example.com/\r\nX-Evil: 1",
    "https://%31%32%37.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://-example.com/",
)
PUBLIC = ("https://example.com/h?a=1", "https://example.com:8443/", "https://8.8.8.8/", "https://[2606:4700::1111]/")


@pytest.mark.parametrize("url", [*INSIDE, *MALFORMED])
def test_an_address_that_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        read_target(url, allow_private=False)


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_passes(url: str) -> None:
    assert read_target(url, allow_private=False).scheme == "https"


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/", "https://[fe80::1]/", "https://0.0.0.0/", "https://224.0.0.1/", "https://u:p@a.b/"],
)
def test_some_are_refused_also_where_private_targets_are_allowed(url: str) -> None:
    with pytest.raises(TargetRefused):
        read_target(url, allow_private=True)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1111", "::1"]])
def test_what_a_name_stands_for_is_checked_and_one_bad_address_is_enough(found: list[str]) -> None:
    target = read_target("https://example.com/", allow_private=False)
    with pytest.raises(TargetRefused):
        addresses_of(target, allow_private=False, seconds=1, resolve=lambda _host, _seconds: [*map(ip_address, found)])


def test_a_resolver_is_not_waited_for_longer_than_told(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_arguments, **_options: over.wait(20) and [])
    began = monotonic()
    with pytest.raises(NoSuchHost):
        ask_resolver("example.com", 0.2)
    assert monotonic() - began < 2
    over.set()


@pytest.fixture
def strict(make_app: Callable[..., Flask]) -> Flask:
    return make_app(WEBHOOK_ALLOW_PRIVATE="false")


def test_it_is_refused_when_it_is_saved(strict: Flask, make_account: Callable[..., MadeAccount]) -> None:
    admin = JsonClient(strict.test_client()).sign_in(make_account("admin"))
    for url in ("https://127.0.0.1/x", "http://example.com/", "https://[::ffff:10.0.0.1]/"):
        refused = admin.post("/webhooks", json={"url": url, "events": ["*"]})
        assert refused.status_code == 422
        assert messages(refused).keys() == {"url"}
    hook = admin.post("/webhooks", json={"url": "https://8.8.8.8/", "events": ["*"]}).get_json()
    assert admin.patch(f"/webhooks/{hook['id']}", json={"url": "https://10.1.2.3/"}).status_code == 422
    assert admin.get("/webhooks").get_json()["data"][0]["url"] == "https://8.8.8.8/"


def test_a_name_that_leads_inside_is_refused_when_it_is_saved(strict: Flask, make_account: Any) -> None:
    actor = actor_of(make_account("admin"))
    with strict.app_context():
        data = check(WebhookInput, {"url": "https://rebound.example.com/", "events": ["*"]})
        with pytest.raises(ValidationFailed):
            create_webhook(data, actor=actor, resolve=lambda _host, _seconds: [ip_address("192.168.0.9")])

        def unknown(_host: str, _seconds: float) -> list[Any]:
            raise NoSuchHost("the host is unknown")

        assert create_webhook(data, actor=actor, resolve=unknown).secret


def test_a_name_that_leads_inside_by_now_gets_nothing(strict: Flask, make_account: Any) -> None:
    admin = JsonClient(strict.test_client()).sign_in(make_account("admin"))
    with receiving() as receiver:
        admin.post("/webhooks", json={"url": "https://rebound.example.com:8443/", "events": ["*"]})
        publish(strict, "record.created")
        deliver(strict, resolve=lambda _host, _seconds: [ip_address("127.0.0.1")])
        assert receiver.connections == 0
    (row,) = rows(strict)
    assert (row.state, row.problem, row.response_status) == ("pending", "address is not allowed", None)


def test_it_connects_to_the_address_that_was_checked_and_names_the_host(app: Flask, api: Callable[..., Any]) -> None:
    asked: list[str] = []

    def resolve(host: str, _seconds: float) -> list[Any]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    with receiving() as receiver:
        make(api("admin"), f"http://hooks.example.com:{receiver.port}/a/b?c=d%20e")
        publish(app, "record.created")
        deliver(app, resolve=resolve)
        (got,) = receiver.received
    assert asked == ["hooks.example.com"]
    assert got.path == "/a/b?c=d%20e"
    assert got.headers["host"] == f"hooks.example.com:{receiver.port}"


def test_a_redirect_is_not_followed_and_no_proxy_is_asked(
    app: Flask, api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, elsewhere.url("/"))
        for status in (301, 302, 303, 307, 308):
            make(api("admin"), receiver.on(f"/{status}", answer(status, f"Location: {elsewhere.url('/inner')}")))
        publish(app, "record.deleted")
        deliver(app)
        assert elsewhere.connections == 0
    assert {row.state for row in rows(app)} == {"pending"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for hooks.example.com that stands for itself."""
    folder = tmp_path_factory.mktemp("tls")
    name = ["-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", *name]
    subprocess.run(
        [*made, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True
    )
    return folder


@pytest.fixture
def trusted(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the operating system trust it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    posting._tls_context.cache_clear()
    yield
    posting._tls_context.cache_clear()


def served_by(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    return context


def attempt(app: Flask, caller: Any, url: str) -> Any:
    make(caller, url)
    publish(app, "record.created")
    deliver(app, resolve=lambda _host, _seconds: [ip_address("127.0.0.1")])
    return rows(app)[-1]


def test_the_certificate_has_to_be_that_of_the_name(
    app: Flask, api: Callable[..., Any], authority: Path, trusted: None
) -> None:
    with receiving(served_by(authority)) as receiver:
        assert attempt(app, api("admin"), receiver.url(host="hooks.example.com")).state == "delivered"
        wrong = attempt(app, api("admin"), receiver.url("/wrong", host="other.example.com"))
        assert receiver.at("/wrong") == []
    assert (wrong.state, wrong.problem) == ("pending", "certificate is not valid")


def test_a_certificate_nobody_vouches_for_gets_nothing(app: Flask, api: Callable[..., Any], authority: Path) -> None:
    posting._tls_context.cache_clear()
    with receiving(served_by(authority)) as receiver:
        row = attempt(app, api("admin"), receiver.url(host="hooks.example.com"))
        assert receiver.received == []
    assert row.problem == "certificate is not valid"


def test_who_speaks_no_tls_gets_nothing(app: Flask, api: Callable[..., Any]) -> None:
    with receiving() as receiver:
        began = monotonic()
        row = attempt(app, api("admin"), f"https://hooks.example.com:{receiver.port}/")
        assert monotonic() - began < ATTEMPT_SECONDS + 3
        assert not any("webhook-id" in one.headers for one in receiver.received)
    assert row.state == "pending"
    assert row.response_status is None
