"""What people find in their mail: the worker's hands, and the files it writes."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask

from app.core.letters import SMS
from app.delivery.mail import FileCarrier
from app.delivery.relay import Relay
from app.delivery.sms import SmsFileCarrier, compose_sms

CODE = re.compile(r"^(\d{6}) is your code", re.MULTILINE)
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


class Phones:
    """Has what waits sent to mobiles, into a folder of its own, and reads it."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        self.folder = folder

    def fetch(self, number: str) -> list[str]:
        """Have all that is due sent; return the texts that ever came to a number, oldest first."""
        with self.app.app_context():
            Relay(SmsFileCarrier(self.folder), SMS, compose_sms).deliver(lambda: False)
        texts = [path.read_text() for path in sorted(self.folder.glob("*.txt"))]
        return [text.partition("\n\n")[2] for text in texts if text.startswith(f"To: {number}\n\n")]

    def code(self, number: str) -> str:
        """Return the code in the latest text to a number."""
        found = [code[1] for text in self.fetch(number) if (code := CODE.search(text))]
        assert found, "no text with a code"
        return found[-1]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return one part of a mail."""
    body = mail.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
