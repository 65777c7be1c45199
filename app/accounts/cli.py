"""Commands for operators: making accounts and API keys at the shell."""

import sys

import click
from flask.cli import AppGroup

from app.accounts import keys, queries, service
from app.accounts.service import NewAccount
from app.core.absent_database import needs_database
from app.core.errors import DomainError
from app.core.identity import system_actor
from app.core.rules import RuleBroken, canonical_email

accounts = AppGroup("accounts", help="Accounts of people and programs.")
api_keys = AppGroup("api-keys", help="Credentials of other programs.")


@accounts.command("create-admin")
@click.option("--email", required=True, help="The address the admin signs in with.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@needs_database
def create_admin(email: str, password_stdin: bool) -> None:
    """Make an admin who can sign in at once."""
    password = _from_stdin() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        service.create_account(NewAccount(email, "admin", password), actor=system_actor())
    except DomainError as refusal:
        raise _failure(refusal) from refusal
    click.echo(f"Admin {canonical_email(email)} can sign in now.")


@api_keys.command("create")
@click.option("--account", required=True, help="The e-mail address of the account the key belongs to.")
@click.option("--scopes", required=True, multiple=True, help="What the key may do, divided by commas or blanks.")
@click.option("--name", required=True, help="What the key is for.")
@needs_database
def create_key(account: str, scopes: tuple[str, ...], name: str) -> None:
    """Make an API key and print its secret, this once."""
    wanted = " ".join(scopes).replace(",", " ").split()
    try:
        owner = queries.get_account_by_email(canonical_email(account))
        made = keys.create_api_key(owner.id, name, wanted, actor=system_actor())
    except RuleBroken as broken:
        raise click.ClickException(broken.message) from broken
    except DomainError as refusal:
        raise _failure(refusal) from refusal
    click.echo(made.secret)


def _from_stdin() -> str:
    """Read a password: everything but the line's end, which the shell adds."""
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _failure(refusal: DomainError) -> click.ClickException:
    lines = [f"{error.field}: {error.message}" for error in refusal.errors] or [refusal.detail]
    return click.ClickException("\n".join(lines))
