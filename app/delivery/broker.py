"""The broker that events also go to where BROKER_URL is set."""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Protocol, cast

from flask import Flask

from app.delivery.events import FeedEvent
from config import Config, ConfigError

MADE_BY = "app.delivery.broker_kombu"
"""The module that speaks to brokers; it needs the extra `events`, so it is loaded only where a broker is set."""


class BrokerAway(Exception):
    """The broker is away, hangs or refuses; its message names the kind of error and shows no address."""


class Broker(Protocol):
    """Takes events to where other systems fetch them."""

    def send(self, events: Iterable[FeedEvent], is_over: Callable[[], bool]) -> Iterable[FeedEvent]:
        """Send events in order until it is over; yield each once the broker has it. Raises BrokerAway."""
        ...


def init_app(app: Flask) -> None:
    """Refuse to start where a broker is set and the packages that speak to it are missing. Raises ConfigError."""
    url = cast(Config, app.extensions["config"]).broker_url or ""
    needed = ("kombu", "redis") if url.startswith("redis") else ("kombu",)
    # Not importlib.util.find_spec: once loaded, kombu stands in its own place without one.
    if url and not all(PathFinder.find_spec(package) is not None for package in needed):
        raise ConfigError({"BROKER_URL": f"needs the packages {', '.join(needed)}; install the extra events"})


def broker_for(config: Config) -> Broker | None:
    """Return the way to the broker of the settings, if there is one."""
    if config.broker_url is None:
        return None
    return cast(Broker, import_module(MADE_BY).KombuBroker(config.broker_url, config.base_url))
