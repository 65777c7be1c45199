"""Reading who an account is to a provider of single sign-on."""

from uuid import UUID

from sqlalchemy import exists, select

from app.accounts.models_sso import AccountIdentity
from app.extensions import db


def find_and_lock_identity(issuer: str, subject: str) -> AccountIdentity | None:
    """Find the person a provider speaks of, and hold the row until the transaction ends."""
    found = select(AccountIdentity).where(AccountIdentity.issuer == issuer, AccountIdentity.subject == subject)
    return db.session.scalars(found.with_for_update().execution_options(populate_existing=True)).one_or_none()


def has_identity(account_id: UUID, issuer: str) -> bool:
    """Tell whether an account belongs to a person of this provider already."""
    return bool(
        db.session.scalar(
            select(exists().where(AccountIdentity.account_id == account_id, AccountIdentity.issuer == issuer))
        )
    )


def list_identities(account_id: UUID) -> list[AccountIdentity]:
    """List who an account is to providers, oldest first."""
    own = select(AccountIdentity).where(AccountIdentity.account_id == account_id)
    return list(db.session.scalars(own.order_by(AccountIdentity.id)))


def find_identity_of(identity_id: UUID, account_id: UUID) -> AccountIdentity | None:
    """Find one of the identities of an account by its id."""
    own = select(AccountIdentity).where(AccountIdentity.id == identity_id, AccountIdentity.account_id == account_id)
    return db.session.scalars(own).one_or_none()
