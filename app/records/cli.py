"""The commands of person records."""

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from app.core.absent_database import needs_database
from app.core.identity import system_actor
from app.core.office import office_today
from app.records import bulk, counting

records_group = AppGroup("records", help="Person records in bulk.")


@records_group.command("generate")
@click.option("--count", type=click.IntRange(1), required=True, help="How many people to make up.")
@click.option("--seed", type=int, required=True, help="The same seed makes the same people.")
@needs_database
def generate(count: int, seed: int) -> None:
    """Add synthetic, valid, unique people."""
    try:
        for done in bulk.generate_records(count, seed, today=office_today(), actor=system_actor()):
            click.echo(f"{done} of {count}", err=True)
    except IntegrityError as error:
        raise click.ClickException("some of these people are here already; use another --seed") from error
    click.echo(f"{count} people added")


@records_group.command("recount")
@needs_database
def recount() -> None:
    """Count the records, and mend the numbers that lists show."""
    wrong = counting.recount()
    click.echo(f"the numbers were wrong by {wrong}" if wrong else "the numbers are right")


@records_group.command("reindex")
@needs_database
def reindex() -> None:
    """Write the search index of every record anew."""
    total = 0
    for total in bulk.reindex():
        click.echo(f"{total} done", err=True)
    click.echo(f"{total} records indexed")
