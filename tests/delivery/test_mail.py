"""How a mail looks and leaves: by SMTP to a real server, with everything that such servers do wrong."""

import datetime as dt
import ipaddress
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask_mail import Message

from app.core.database import new_id
from app.core.letters import Draft, Letter
from app.delivery import mail as mail_module
from app.delivery.carriage import HeldUp, Refused, Unanswered
from app.delivery.mail import FileCarrier, SmtpCarrier, carrier_for, compose, sender_of
from tests.delivery.mail_server import MailServer

MakeApp = Callable[..., Flask]


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Run a mail server."""
    running = MailServer().start()
    yield running
    running.stop()


def carry(app: Flask, to: str = "asha@example.com", letter: Letter | None = None) -> Message:
    """Compose a mail and hand it over as the settings say."""
    with app.app_context():
        message = compose(letter or letter_to(to), Draft("password_changed", {"at": "20 Nov 2026, 10:42"}))
        carrier_for(app.extensions["config"]).carry(message)
        return message


def letter_to(to: str) -> Letter:
    return Letter(new_id(), "password_changed", new_id(), to, "secret")


def test_a_mail_arrives_whole(make_app: MakeApp, server: MailServer) -> None:
    more = {"FROM_EMAIL": "records@example.org", "FROM_NAME": "Pune, Benefits Office पुणे"}
    letter = letter_to("asha@example.com")
    app = make_app(**server.settings(**more))
    for _ in range(2):
        carry(app, letter=letter)
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"] == f"<{letter.id}@example.org>"
    assert str(first["From"]) == '"Pune, Benefits Office पुणे" <records@example.org>'
    assert (first["To"], first["Subject"]) == ("asha@example.com", "Your password was set")
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["X-MailFrom"] is None
    for kind in ("plain", "html"):
        part = first.get_body(preferencelist=(kind,))
        assert part is not None
        assert "set on 20 Nov 2026, 10:42" in part.get_content()
        assert "Pune, Benefits Office पुणे" in part.get_content()


def test_without_a_server_a_mail_is_a_file_for_its_owner_only(make_app: MakeApp) -> None:
    app = make_app()
    letter = letter_to("asha@example.com")
    for _ in range(2):
        carry(app, letter=letter)
    folder = app.extensions["config"].instance_dir / "mail"
    [path] = folder.iterdir()
    assert path.name == f"{letter.id}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"To: asha@example.com" in path.read_bytes()


def test_a_folder_that_cannot_be_written_holds_mail_up(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app = make_app()
    with app.app_context():
        message = compose(letter_to("a@example.com"), Draft("password_changed", {"at": ""}))
        with pytest.raises(HeldUp, match=r"NotADirectoryError|FileExistsError"):
            FileCarrier(tmp_path / "file" / "mail").carry(message)


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://127.0.0.1:8000", "no-reply@localhost"),
        ("https://records.example.com", "no-reply@records.example.com"),
        ("http://localhost:8000", "no-reply@localhost"),
    ],
)
def test_a_sender_is_made_of_the_address_of_the_service(make_app: MakeApp, base_url: str, address: str) -> None:
    assert sender_of(make_app(BASE_URL=base_url).extensions["config"]) == ("Record Room", address)


# --- servers that fail ---------------------------------------------------------------------------------------------


def test_a_server_that_is_down_holds_mail_up(make_app: MakeApp) -> None:
    app = make_app(**MailServer().settings())
    with pytest.raises(HeldUp, match="ConnectionRefusedError"):
        carry(app)


def test_a_server_that_says_nothing_holds_mail_up_for_a_bounded_time(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "ANSWER_SECONDS", 0.3)
    with socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        app = make_app(SMTP_SERVER="127.0.0.1", SMTP_PORT=str(silent.getsockname()[1]))
        began = time.monotonic()
        with pytest.raises(HeldUp):
            carry(app)
    assert time.monotonic() - began < 3


def test_a_server_that_is_too_slow_altogether_holds_mail_up(
    make_app: MakeApp, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "LETTER_SECONDS", -1)
    app = make_app(**server.settings())
    with pytest.raises(HeldUp):
        carry(app)
    assert server.taken == []


def test_a_refused_recipient_or_letter_is_about_this_letter(make_app: MakeApp, server: MailServer) -> None:
    app = make_app(**server.settings())
    server.handler.refuses = lambda address: "550 no such box" if address.startswith("poison") else None
    with pytest.raises(Refused, match="SMTPRecipientsRefused 550"):
        carry(app, "poison@example.com")
    server.handler.on_data = lambda: "552 box full"
    with pytest.raises(Refused, match="SMTPDataError 552"):
        carry(app)
    server.handler.on_data = lambda: "421 going away"
    with pytest.raises(HeldUp, match="SMTPDataError 421"):
        carry(app)


def test_a_server_that_hangs_up_after_the_letter_leaves_it_unanswered(make_app: MakeApp, server: MailServer) -> None:
    server.handler.is_dropping = True
    app = make_app(**server.settings())
    with pytest.raises(Unanswered):
        carry(app)
    assert server.recipients == ["asha@example.com"]


def test_what_is_no_address_or_has_a_second_line_never_reaches_the_server(
    make_app: MakeApp, server: MailServer
) -> None:
    app = make_app(**server.settings())
    with pytest.raises(Refused):
        carry(app, "asha@example.com\nBcc: other@example.com")
    assert server.taken == []


# --- TLS and sign-in -----------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """Make a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("mail.test")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


@pytest.fixture
def secure_server(tls: ssl.SSLContext) -> Iterator[MailServer]:
    """Run a mail server that asks for TLS and a sign-in."""
    running = MailServer(tls=tls, login=("room", "s3cret")).start()
    yield running
    running.stop()


def test_mail_goes_by_tls_after_signing_in(make_app: MakeApp, secure_server: MailServer) -> None:
    carry(make_app(**secure_server.settings(SMTP_USERNAME="room", SMTP_PASSWORD="s3cret")))
    assert secure_server.recipients == ["asha@example.com"]
    with pytest.raises(HeldUp):
        carry(make_app(**secure_server.settings(SMTP_USERNAME="room", SMTP_PASSWORD="wrong")))


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(make_app: MakeApp, server: MailServer) -> None:
    app = make_app(**{**server.settings(), "SMTP_USE_TLS": "true"})
    with pytest.raises(HeldUp, match="SMTPNotSupportedError"):
        carry(app)
    assert server.taken == []


def test_a_certificate_that_nobody_signed_is_refused_unless_the_server_is_this_machine(
    make_app: MakeApp, secure_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "LOOPBACK", frozenset())
    with pytest.raises(HeldUp, match="SSLCertVerificationError"):
        carry(make_app(**secure_server.settings(SMTP_USERNAME="room", SMTP_PASSWORD="s3cret")))


def test_the_port_465_speaks_tls_from_the_first_byte(
    make_app: MakeApp, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = MailServer(tls=tls, implicit=True).start()
    monkeypatch.setattr(mail_module, "IMPLICIT_TLS_PORT", running.port)
    try:
        carry(make_app(**running.settings()))
    finally:
        running.stop()
    assert running.recipients == ["asha@example.com"]


def test_the_way_of_the_settings_is_taken(make_app: MakeApp) -> None:
    assert isinstance(carrier_for(make_app().extensions["config"]), FileCarrier)
    assert isinstance(carrier_for(make_app(SMTP_SERVER="mail.test").extensions["config"]), SmtpCarrier)
