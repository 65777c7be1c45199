"""Sending out the letters of one channel, one after another, so that none and no dead server holds up the rest.

Each channel has hands of its own: while the mail server hangs, messages to mobiles go out, and the other way round.
"""

import random
from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from jinja2 import TemplateError

from app.core import letters, transaction
from app.core.database import new_id
from app.core.letters import MAIL, Draft, Letter
from app.core.vault import SealBroken
from app.delivery import postbox
from app.delivery.carriage import Carrier, HeldUp, Refused, Unanswered
from app.delivery.mail import compose
from app.delivery.postbox import Claimed

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 20.0

log = structlog.get_logger(__name__)


class Relay:
    """One worker's hands for a channel. While the server there does not answer it rests, and the letters wait."""

    def __init__(
        self, carrier: Carrier, channel: str = MAIL, compose: Callable[[Letter, Draft], Any] = compose
    ) -> None:
        self.id = new_id()
        self._carrier, self._channel, self._compose = carrier, channel, compose
        self._rest = 0.0
        self._resting_until = 0.0

    def deliver(self, is_stopping: Callable[[], bool]) -> int:
        """Send what is due until nothing is, the server is away, or the worker is told to stop; return how many."""
        sent = 0
        while monotonic() >= self._resting_until and not is_stopping():
            claimed = postbox.claim(self.id, self._channel)
            if claimed is None:
                break
            sent += self._handle(claimed)
        return sent

    def _handle(self, claimed: Claimed) -> int:
        try:
            letter = postbox.opened(claimed)
            draft = transaction.run(lambda: letters.write(letter))
        except (SealBroken, LookupError) as error:
            return self._put_back(claimed, type(error).__name__)
        if draft is None:
            postbox.drop(claimed)
            return 0
        return self._send(claimed, letter, draft)

    def _send(self, claimed: Claimed, letter: Letter, draft: Draft) -> int:
        try:
            self._carrier.carry(self._compose(letter, draft))
        except (TemplateError, Refused) as error:
            return self._put_back(claimed, str(error) if isinstance(error, Refused) else type(error).__name__)
        except Unanswered as unanswered:
            postbox.put_back_unanswered(claimed, str(unanswered))
            log.warning(self._fact("unanswered"), letter_id=str(claimed.id), kind=claimed.kind, problem=str(unanswered))
            return 0
        except HeldUp as held_up:
            self._begin_rest()
            postbox.put_back(claimed, str(held_up), self._rest)
            log.warning(self._fact("held_up"), problem=str(held_up), rest_seconds=round(self._rest, 1))
            return 0
        self._rest = 0.0
        postbox.mark_sent(claimed)
        log.info(self._fact("sent"), letter_id=str(claimed.id), kind=claimed.kind)
        return 1

    def _fact(self, happened: str) -> str:
        return f"{self._channel}.{happened}"

    def _put_back(self, claimed: Claimed, problem: str) -> int:
        postbox.put_back(claimed, problem)
        log.warning(self._fact("refused"), letter_id=str(claimed.id), kind=claimed.kind, problem=problem)
        return 0

    def _begin_rest(self) -> None:
        self._rest = min(LONGEST_REST_SECONDS, max(FIRST_REST_SECONDS, self._rest * 2)) * random.uniform(0.9, 1.1)  # noqa: S311 - spreads attempts, no secret
        self._resting_until = monotonic() + self._rest
