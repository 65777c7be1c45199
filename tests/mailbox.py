"""What people find in their mail: the worker's hands, and the files it writes."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask

from app.delivery.mail import FileCarrier
from app.delivery.relay import Relay

LINK = re.compile(r"^http://\S+?(/\S+\?token=\S+)$", re.MULTILINE)


class Mailbox:
    """Has what waits mailed, into a folder of its own, and reads it."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        self.folder = folder

    def fetch(self) -> list[EmailMessage]:
        """Have all that is due mailed; return everything that ever came, oldest first."""
        with self.app.app_context():
            Relay(FileCarrier(self.folder)).deliver(lambda: False)
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(self.folder.glob("*.eml"))
        ]

    def to(self, address: str) -> list[EmailMessage]:
        """Return what came for one address."""
        return [mail for mail in self.fetch() if mail["To"] == address]

    def subjects(self, address: str) -> list[str]:
        """Return the subjects of what came for one address."""
        return [str(mail["Subject"]) for mail in self.to(address)]

    def link(self, address: str) -> str:
        """Return the path of the link in the latest mail with one for an address."""
        found = [link[1] for mail in self.to(address) if (link := LINK.search(text_of(mail)))]
        assert found, f"no mail with a link for {address}"
        return found[-1]

    def token(self, address: str) -> str:
        """Return the token of that link."""
        return self.link(address).partition("?token=")[2]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return one part of a mail."""
    body = mail.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
