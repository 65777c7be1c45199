"""What has to be done from time to time and is nobody's request: anchors of the trail, and an end to what is over."""

from pathlib import Path

import structlog

from app.accounts import retention as accounts
from app.core import audit_chain, idempotency, letters, links
from app.core.database import utc_now
from app.delivery import retention as events
from app.delivery import webhook_queue
from app.records import drafts
from app.verification import mobiles as codes

KEPT_BY = (
    idempotency.purge,
    drafts.purge,
    accounts.purge,
    links.purge,
    letters.purge,
    codes.purge,
    events.purge,
    webhook_queue.purge,
)
"""Everything that keeps something for a time only."""

log = structlog.get_logger(__name__)


def anchor(anchor_file: Path) -> int:
    """Write down outside the database where the trail ends, if it has grown; return how many chains did."""
    try:
        return audit_chain.anchor(anchor_file)
    except audit_chain.TrailBroken as broken:
        log.warning("audit.anchor_altered", place=broken.entry_id)
        return 0


def purge() -> int:
    """Remove what is past its time, a few rows at once; return how many there were."""
    now = utc_now()
    removed = sum(purge_some(now) for purge_some in KEPT_BY)
    if removed:
        log.info("purge.done", removed=removed)
    return removed
