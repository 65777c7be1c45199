"""A mail server for the tests that takes letters, or fails in the ways mail servers do."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import socket
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Handler:
    """What the server has taken, and how it misbehaves."""

    taken: list[EmailMessage] = field(default_factory=list)
    refuses: Callable[[str], str | None] = lambda _address: None
    on_data: Callable[[], str | None] = lambda: None
    when_taken: Callable[[], None] = lambda: None
    is_dropping: bool = False
    lines: list[Any] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's shape
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if refusal := self.refuses(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter, and answer or hang up."""
        if refusal := self.on_data():
            return refusal
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.taken.append(message_from_bytes(content, policy=policy.default))
        self.when_taken()
        if self.is_dropping:
            server.transport.abort()
            await asyncio.sleep(0.05)
        return "250 taken"


class _Conversation(SMTP):
    def connection_made(self, transport: Any) -> None:
        """Remember the line, which the server itself forgets when it stops."""
        self.event_handler.lines.append(transport)
        super().connection_made(transport)


class _Controller(Controller):
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None

    async def hang_up(self) -> None:
        """End every conversation, and let the loop close what they were held on."""
        while self.handler.lines:
            self.handler.lines.pop().abort()
        await asyncio.sleep(0.01)

    def factory(self) -> SMTP:
        """Make the conversation of one client."""
        return _Conversation(
            self.handler,
            tls_context=self.tls,
            require_starttls=self.tls is not None,
            authenticator=self._judge if self.login else None,
            auth_required=self.login is not None,
            hostname="mail.test",
        )

    def _judge(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        name, password = self.login or ("", "")
        return AuthResult(success=(data.login, data.password) == (name.encode(), password.encode()))


class MailServer:
    """A server on a port of its own; stopped it refuses every connection, and it can start there again."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None, implicit: bool = False
    ) -> None:
        self.handler = Handler()
        with socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self._tls, self._login, self._is_implicit = tls, login, implicit
        self._controller: _Controller | None = None

    @property
    def taken(self) -> list[EmailMessage]:
        """The letters it has taken."""
        return self.handler.taken

    @property
    def recipients(self) -> list[str]:
        """To whom they went, in their order."""
        return [str(letter["To"]) for letter in self.taken]

    def start(self) -> Self:
        """Take connections."""
        line = self._tls if self._is_implicit else None
        self._controller = _Controller(self.handler, hostname="127.0.0.1", port=self.port, ssl_context=line)
        self._controller.tls, self._controller.login = (None if line else self._tls), self._login
        self._controller.start()
        return self

    def stop(self) -> None:
        """Refuse connections."""
        controller, self._controller = self._controller, None
        if controller is not None:
            asyncio.run_coroutine_threadsafe(controller.hang_up(), controller.loop).result(10)
            with suppress(RuntimeError):
                controller.stop()

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings that lead to this server."""
        return {
            "SMTP_SERVER": "127.0.0.1",
            "SMTP_PORT": str(self.port),
            "SMTP_USE_TLS": "true" if self._tls else "false",
            **more,
        }
