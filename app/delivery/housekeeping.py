"""What has to be done from time to time and is nobody's request: anchors of the trail, and an end to what is over."""

from pathlib import Path

import structlog

from app.accounts import retention as accounts
from app.core import audit_chain, idempotency, letters, links
from app.core.database import utc_now
from app.records import drafts

log = structlog.get_logger(__name__)


def anchor(anchor_file: Path) -> int:
    """Write down outside the database where the trail ends, if it has grown; return how many chains did."""
    try:
        return audit_chain.anchor(anchor_file)
    except audit_chain.TrailBroken as broken:
        log.warning("audit.anchor_altered", place=broken.entry_id)
        return 0


def purge() -> int:
    """Remove what is past its time: idempotency keys, drafts, counts of wrong sign-ins, links, letters."""
    now = utc_now()
    kept_by = (idempotency.purge, drafts.purge, accounts.purge, links.purge, letters.purge)
    removed = sum(purge_some(now) for purge_some in kept_by)
    if removed:
        log.info("purge.done", removed=removed)
    return removed
