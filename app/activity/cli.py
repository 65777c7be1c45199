"""The commands of the audit trail."""

from pathlib import Path

import click
from flask.cli import AppGroup

from app.core import audit_chain
from app.core.absent_database import needs_database
from app.core.settings import settings

audit_group = AppGroup("audit", help="Prove that the audit trail is whole.")


@audit_group.command()
@click.option(
    "--anchor",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with this file, not AUDIT_ANCHOR_FILE.",
)
@needs_database
def verify(anchor: Path | None) -> None:
    """Check every entry, and every anchored end; name the first bad entry and exit with 1."""
    try:
        count = audit_chain.verify(anchor or settings().audit_anchor_file)
    except audit_chain.TrailBroken as broken:
        click.echo(str(broken))
        raise SystemExit(1) from broken
    click.echo(f"ok {count} entries")


@audit_group.command("anchor")
@needs_database
def append_anchor() -> None:
    """Write down, outside the database, where each chain of entries ends now."""
    moved = audit_chain.anchor(settings().audit_anchor_file)
    click.echo(f"anchored {moved} chains")
