"""Writing a moment later, off the path that somebody waits on."""

import atexit
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import DomainError

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Later(Generic[T]):
    """Gathers things and has them written together, in order, by one thread of this process.

    `write` is called in an application context with what was gathered. When the
    database refuses, they stay for the next round, up to `at_most` of them.
    """

    def __init__(
        self, app: Flask, write: Callable[[list[T]], None], *, seconds: float = 1.0, at_most: int = 10_000
    ) -> None:
        self._app, self._write, self._seconds, self._at_most = app, write, seconds, at_most
        self._waiting: list[T] = []
        self._guard, self._writing, self._wake = threading.Lock(), threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, thing: T) -> None:
        """Have a thing written soon; the thread begins with the first one, and anew after a fork or a fault."""
        with self._guard:
            if len(self._waiting) < self._at_most:
                self._waiting.append(thing)
            if self._thread is None:
                atexit.register(self.flush)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="later", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self) -> None:
        """Write what is waiting, now, in this thread."""
        with self._writing:
            with self._guard:
                things, self._waiting = self._waiting, []
            if not things:
                return
            try:
                with self._app.app_context():
                    self._write(things)
            except (DomainError, SQLAlchemyError) as error:
                log.warning("later.failed", kind=type(error).__name__, waiting=len(things))
                with self._guard:
                    self._waiting = [*things, *self._waiting][: self._at_most]

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            threading.Event().wait(self._seconds)
            self.flush()
            if self._waiting:
                self._wake.set()
