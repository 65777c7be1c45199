"""The background worker: a few duties, each in a thread of its own, until it is told to stop.

A duty that cannot reach the database or a disk tries again, ever less often. Anything else that goes wrong is a fault
of the program: the worker ends with a status that has it started anew.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import DomainError
from app.core.letters import SMS
from app.delivery import arranging, housekeeping
from app.delivery.broker import broker_for
from app.delivery.broker_relay import Teller
from app.delivery.mail import carrier_for
from app.delivery.relay import Relay
from app.delivery.sender import Sender
from app.delivery.sms import compose_sms, sms_carrier_for
from app.extensions import db
from app.verification import reminding
from config import Config

STOP_WITHIN_SECONDS = 25.0
LOOK_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
REMIND_SECONDS = 900.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done again and again, `every` so many seconds; `end` waits for what is still under way."""

    name: str
    every: float
    work: Callable[[], object]
    end: Callable[[], object] = lambda: None


class Worker:
    """Runs duties until `stop` is called or whoever it was started with is gone."""

    def __init__(self, app: Flask, duties: Callable[[Callable[[], bool]], Sequence[Duty]]) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._failed = threading.Event()
        self._duties = duties(self._stopping.is_set)

    def stop(self) -> None:
        """Have every duty end after what it has in hand."""
        self._stopping.set()

    def run(self, beside: int | None = None) -> int:
        """Work until told to stop, or until the process `beside` is no longer its parent; return the exit status."""
        threads = [threading.Thread(target=self._keep_at, args=(duty,), name=duty.name) for duty in self._duties]
        for thread in threads:
            thread.daemon = True
            thread.start()
        log.info("worker.started", duties=[duty.name for duty in self._duties])
        while not self._stopping.wait(LOOK_SECONDS):
            if beside is not None and os.getppid() != beside:
                self.stop()
            if not all(thread.is_alive() for thread in threads):
                self._failed.set()
                self.stop()
        for thread in threads:
            thread.join(STOP_WITHIN_SECONDS)
        log.info("worker.stopped", failed=self._failed.is_set())
        return 1 if self._failed.is_set() else 0

    def _keep_at(self, duty: Duty) -> None:
        pause = duty.every
        while not self._stopping.is_set():
            pause = duty.every if self._did(duty) else min(max(2 * pause, 1.0), max(LONGEST_PAUSE_SECONDS, duty.every))
            self._stopping.wait(pause)
        duty.end()

    def _did(self, duty: Duty) -> bool:
        with self._app.app_context():
            try:
                duty.work()
            except (DomainError, SQLAlchemyError, OSError) as error:
                log.warning("worker.duty_failed", duty=duty.name, kind=type(error).__name__)
                return False
            finally:
                db.session.remove()
        return True


def duties_of(config: Config, is_stopping: Callable[[], bool]) -> list[Duty]:
    """Return what a worker does with these settings."""
    relay, sender = Relay(carrier_for(config)), Sender(is_stopping)
    texts = Relay(sms_carrier_for(config), SMS, compose_sms)
    broker = broker_for(config)
    teller = Teller(broker) if broker is not None else None
    telling = [Duty("broker", 0.5, lambda: teller.tell(is_stopping))] if teller is not None else []
    return [
        Duty("arrange", 0.25, partial(arranging.arrange, is_stopping)),
        *telling,
        Duty("webhooks", 0.25, sender.deliver, sender.close),
        Duty("mail", 1.0, lambda: relay.deliver(is_stopping)),
        Duty("sms", 1.0, lambda: texts.deliver(is_stopping)),
        *reminding_of(config),
        Duty("anchor", 60.0, partial(housekeeping.anchor, config.audit_anchor_file)),
        Duty("purge", 600.0, housekeeping.purge),
    ]


def reminding_of(config: Config) -> list[Duty]:
    """Return the duty of reminding people of an address they have not proven, where the settings ask for it."""
    days = config.verification_reminder_days
    return [Duty("remind", REMIND_SECONDS, partial(reminding.remind, days))] if days else []


def run_worker(app: Flask, beside: int | None = None) -> int:
    """Run the worker of this process until SIGTERM or SIGINT; return the exit status."""
    worker = Worker(app, partial(duties_of, app.extensions["config"]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    return worker.run(beside)
