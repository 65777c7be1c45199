"""What a mail looks like, and the two ways it leaves: by SMTP, or as a file where no server is set."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formataddr
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import flask_mail
from flask import Flask, current_app
from flask_mail import BadHeaderError, Message

from app.core.letters import Draft, Letter
from app.core.settings import settings
from app.delivery.carriage import Carrier, HeldUp, Refused, Unanswered, write_whole
from app.extensions import mail
from config import Config

ANSWER_SECONDS = 10
"""How long a mail server may take for one answer."""

LETTER_SECONDS = 40
"""How long one letter may take in all, so that it is settled before its lease ends."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
IMPLICIT_TLS_PORT = 465
SERVICE_NOT_AVAILABLE = 421
NAME = "Record Room"


class FileCarrier:
    """Writes each mail into a file of its own; one that is written twice is one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def carry(self, message: Message) -> None:
        """Write `<letter id>.eml`."""
        name = message.msgId.strip("<>").partition("@")[0]
        write_whole(self.folder / f"{name}.eml", message.as_bytes())


class _Patience(smtplib.SMTP):
    """A conversation that ends when its time is over, and that knows whether the letter was handed over."""

    deadline = inf
    handed_over = False
    _watch: threading.Timer | None = None

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Connect, and have the line cut when the time is over: a time-out begins anew with every byte that comes."""
        self._watch = threading.Timer(max(LETTER_SECONDS, 0.01), self._cut)
        self._watch.daemon = True
        self._watch.start()
        try:
            return super().connect(*args, **kwargs)
        except BaseException:
            self._watch.cancel()
            raise

    def close(self) -> None:
        """Let go of the line."""
        if self._watch is not None:
            self._watch.cancel()
        super().close()

    def _cut(self) -> None:
        line = self.sock
        if line is not None:
            with suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # below TLS, which would wait for a farewell

    def send(self, s: Any) -> None:
        """Send a line, or the letter itself, which alone comes as bytes."""
        if monotonic() > self.deadline:
            raise TimeoutError("the mail server is too slow")
        super().send(s)
        self.handed_over = self.handed_over or not isinstance(s, str)


class _PatienceTls(_Patience, smtplib.SMTP_SSL):
    """The same by implicit TLS."""


class PatientConnection(flask_mail.Connection):
    """Flask-Mail's connection with time-outs and certificates that are looked at."""

    host: _Patience | None

    def __init__(self, config: Config) -> None:
        super().__init__(current_app.extensions["mail"])
        self._config = config

    def configure_host(self) -> _Patience:
        """Connect, secure the line, sign in."""
        config, server = self._config, str(self._config.smtp_server)
        is_implicit = config.smtp_use_tls and config.smtp_port == IMPLICIT_TLS_PORT
        kind: Any = partial(_PatienceTls, context=_tls_context(server)) if is_implicit else _Patience
        host: _Patience = kind(server, config.smtp_port, local_hostname=_own_name(config), timeout=ANSWER_SECONDS)
        host.deadline = monotonic() + LETTER_SECONDS
        try:
            if config.smtp_use_tls and not is_implicit:
                host.starttls(context=_tls_context(server))
            if config.smtp_username and config.smtp_password:
                host.login(config.smtp_username, config.smtp_password)
        except (smtplib.SMTPException, OSError):
            host.close()
            raise
        return host

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave; what happens after the letter was accepted changes nothing about it."""
        if self.host is None:
            return
        try:
            self.host.quit()
        except (smtplib.SMTPException, OSError):
            self.host.close()


class SmtpCarrier:
    """Hands mails to the server of the settings, each in a conversation of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def carry(self, message: Message) -> None:
        """Hand one mail over."""
        connection = PatientConnection(self._config)
        try:
            with connection:
                connection.send(message, envelope_from=sender_of(self._config)[1])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise _judged(error) from error
        except (smtplib.SMTPException, OSError) as error:
            if connection.host is not None and connection.host.handed_over:
                raise Unanswered(type(error).__name__) from error
            raise HeldUp(_short(error)) from error
        except (BadHeaderError, ValueError) as error:
            raise Refused(type(error).__name__) from error


def _judged(error: Exception) -> HeldUp | Refused:
    is_closing = isinstance(error, smtplib.SMTPDataError) and error.smtp_code == SERVICE_NOT_AVAILABLE
    return HeldUp(_short(error)) if is_closing else Refused(_short(error))


def _short(error: Exception) -> str:
    """Name an error by its kind and the server's code; its text may quote the address."""
    codes = [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    return " ".join([type(error).__name__, *map(str, codes)])


def _own_name(config: Config) -> str:
    """Return the name to greet with; left to itself, smtplib may ask the network for it for a long time."""
    return urlsplit(config.base_url).hostname or "localhost"


def _tls_context(server: str) -> ssl.SSLContext:
    """Return how TLS is spoken: with certificates that are checked, unless nobody can stand in between."""
    context = ssl.create_default_context()
    if server in LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def carrier_for(config: Config) -> Carrier:
    """Return the way mails leave as the settings have it."""
    return SmtpCarrier(config) if config.smtp_server else FileCarrier(config.instance_dir / "mail")


def sender_of(config: Config) -> tuple[str, str]:
    """Return the name and the address that mails come from."""
    host = urlsplit(config.base_url).hostname or ""
    named = host if "." in host and not host.replace(".", "").isdigit() else "localhost"
    return config.from_name or NAME, config.from_email or f"no-reply@{named}"


def compose(letter: Letter, draft: Draft) -> Message:
    """Fill in the templates of a letter; the same letter has the same Message-ID each time it goes out."""
    config = settings()
    name, address = sender_of(config)
    context = {**draft.context, "organisation": name, "base_url": config.base_url}
    message = Message(
        subject=" ".join(_rendered(draft, "subject.txt", context).split()),
        recipients=[letter.to],
        body=_rendered(draft, "body.txt", context),
        html=_rendered(draft, "body.html", context),
        sender=formataddr((name, address)),
        extra_headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    message.msgId = f"<{letter.id}@{address.rpartition('@')[2]}>"
    return message


def _rendered(draft: Draft, name: str, context: Mapping[str, Any]) -> str:
    # Not flask.render_template: a mail has no request, and nobody's menu.
    return current_app.jinja_env.get_template(f"email/{draft.template}/{name}").render(context)


def init_app(app: Flask) -> None:
    """Bind Flask-Mail to the server of the settings."""
    config: Config = app.extensions["config"]
    app.config.update(
        MAIL_SERVER=config.smtp_server or "localhost",
        MAIL_PORT=config.smtp_port,
        MAIL_DEFAULT_SENDER=sender_of(config),
        MAIL_MAX_EMAILS=None,
    )
    mail.init_app(app)
