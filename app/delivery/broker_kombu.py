"""Speaking to a broker of messages by kombu: AMQP (RabbitMQ) and Redis.

Every event is one persistent message in CloudEvents' structured mode, sent to a topic exchange by its type. A queue
that takes everything is declared with it, so that nothing is lost before the first reader has made a queue of its own.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError
from kombu.messaging import Producer

from app.delivery.broker import BrokerAway
from app.delivery.events import FeedEvent, cloud_event

NAME = "record-room.events"
CONTENT_TYPE = "application/cloudevents+json"
CONNECT_SECONDS = 3
ANSWER_SECONDS = 5

EXCHANGE = Exchange(NAME, type="topic", durable=True, delivery_mode="persistent")
QUEUE = Queue(NAME, EXCHANGE, routing_key="#", durable=True)


class KombuBroker:
    """A broker at an address.

    Each turn has a connection of its own: kombu remembers what it declared on one, and a broker that lost its memory
    meanwhile would silently drop what no queue is bound to any more.
    """

    def __init__(self, url: str, source: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._url, self._source, self._seconds = url, source, answer_seconds

    def send(self, events: Iterable[FeedEvent], is_over: Callable[[], bool]) -> Iterator[FeedEvent]:
        """Send events in order until it is over; yield each once the broker has it. Raises BrokerAway."""
        connection = _connection_to(self._url, self._seconds)
        try:
            with connection, connection.channel() as channel:
                QUEUE(channel).declare()
                producer = Producer(channel, exchange=EXCHANGE, auto_declare=False)
                for event in events:
                    if is_over():
                        return
                    self._publish(producer, event)
                    yield event
        except (*connection.connection_errors, *connection.channel_errors, KombuError, OSError) as error:
            raise BrokerAway(type(error).__name__) from error

    def _publish(self, producer: Producer, event: FeedEvent) -> None:
        producer.publish(
            orjson.dumps(cloud_event(event, self._source)),
            routing_key=event.type,
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            message_id=str(event.id),
            retry=False,
            timeout=self._seconds,
            confirm_timeout=self._seconds,
        )


def _connection_to(url: str, seconds: float) -> Connection:
    """Make a connection that is opened on first use; it asks an AMQP broker to confirm each message."""
    amqp = {"confirm_publish": True, "read_timeout": seconds, "write_timeout": seconds}
    redis = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": seconds}
    options = amqp if url.startswith("amqp") else redis
    return Connection(url, connect_timeout=CONNECT_SECONDS, transport_options=options, ssl=_tls(url))


def _tls(url: str) -> dict[str, Any] | None:
    """Have certificates checked, unless the address says otherwise; left to itself kombu does not look at them."""
    parts = urlsplit(url)
    if "ssl_" in parts.query:
        return None
    checked: dict[str, dict[str, Any]] = {
        "amqps": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname},
        "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True},
    }
    return checked.get(parts.scheme)
