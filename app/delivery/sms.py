"""What a message to a mobile says, and the two ways it leaves: to the address of the settings, or as a file."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import urldefrag
from uuid import UUID

import orjson
from flask import current_app

from app.core.letters import Draft, Letter
from app.core.version import VERSION
from app.delivery import posting
from app.delivery.carriage import Carrier, HeldUp, Refused, Unanswered, write_whole
from app.delivery.mail import sender_of
from app.delivery.posting import NotConnected, Unreachable
from app.delivery.targets import NoSuchHost, TargetRefused, ask_resolver, read_target
from config import Config

WHOLE_SECONDS = 10.0
RESOLVER_SECONDS = 3.0
ABOUT_THIS_MESSAGE = frozenset({400, 404, 409, 410, 413, 422})
"""What a service answers that does not take this number or text; anything else that is no success is about us all."""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """A message to one number, ten digits long."""

    id: UUID
    to: str = field(repr=False)
    text: str = field(repr=False)


class SmsFileCarrier:
    """Writes each message into a file of its own; one that is written twice is one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def carry(self, message: ShortMessage) -> None:
        """Write `<letter id>.txt`."""
        write_whole(self.folder / f"{message.id}.txt", f"To: {message.to}\n\n{message.text}\n".encode())


class SmsWebhookCarrier:
    """Posts each message as JSON. Its key is the same each time it goes out, so the service may know it again."""

    def __init__(self, url: str) -> None:
        self._url = urldefrag(url).url

    def carry(self, message: ShortMessage) -> None:
        """Post `{to, text}`; any 2xx is success."""
        until = monotonic() + WHOLE_SECONDS
        body = orjson.dumps({"to": message.to, "text": message.text})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"record-room/{VERSION}",
            "Idempotency-Key": str(message.id),
        }
        try:
            target = read_target(self._url, allow_private=True)
            addresses = [target.literal] if target.literal else ask_resolver(target.host, RESOLVER_SECONDS)
            answer = posting.post(target, addresses, headers, body, until)
        except (NoSuchHost, TargetRefused) as error:
            raise HeldUp(type(error).__name__) from error
        except NotConnected as error:
            raise HeldUp(str(error)) from error
        except Unreachable as error:
            raise Unanswered(str(error)) from error
        if not 200 <= answer.status < 300:
            raise (Refused if answer.status in ABOUT_THIS_MESSAGE else HeldUp)(f"status {answer.status}")


def sms_carrier_for(config: Config) -> Carrier:
    """Return the way messages leave as the settings have it."""
    if config.sms_webhook_url:
        return SmsWebhookCarrier(config.sms_webhook_url)
    return SmsFileCarrier(config.instance_dir / "sms")


def compose_sms(letter: Letter, draft: Draft) -> ShortMessage:
    """Fill in the template of a message."""
    name, _address = sender_of(current_app.extensions["config"])
    template = current_app.jinja_env.get_template(f"sms/{draft.template}.txt")
    words = template.render({**draft.context, "organisation": name, "code": letter.secret})
    return ShortMessage(letter.id, letter.to, " ".join(words.split()))
