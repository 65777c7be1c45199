"""Reading second factors and the steps of a sign-in."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import bindparam, exists, func, or_, select

from app.accounts.models_factors import Passkey, RecoveryCode, SignInStep, Totp
from app.extensions import db

_its = bindparam("account_id", type_=Totp.account_id.type)
HAS_SECOND_FACTOR = select(
    or_(
        exists().where(Totp.account_id == _its, Totp.confirmed_at.is_not(None)),
        exists().where(Passkey.account_id == _its),
    )
)


def has_second_factor(account_id: UUID) -> bool:
    """Tell whether an account has an authenticator app in force, or a passkey."""
    return bool(db.session.scalar(HAS_SECOND_FACTOR, {"account_id": account_id}))


def with_second_factor(account_ids: Collection[UUID]) -> frozenset[UUID]:
    """Name those of the accounts that have a second factor."""
    if not account_ids:
        return frozenset()
    wanted = set(account_ids)
    apps = select(Totp.account_id).where(Totp.account_id.in_(wanted), Totp.confirmed_at.is_not(None))
    keys = select(Passkey.account_id).where(Passkey.account_id.in_(wanted))
    return frozenset([*db.session.scalars(apps), *db.session.scalars(keys)])


def find_totp(account_id: UUID) -> Totp | None:
    """Find an account's authenticator app, confirmed or not."""
    return db.session.get(Totp, account_id)


def find_and_lock_totp(account_id: UUID) -> Totp | None:
    """Find an account's authenticator app and hold it until the transaction ends: a step counts once."""
    return db.session.get(Totp, account_id, populate_existing=True, with_for_update=True)


def find_and_lock_recovery_code(code_digest: bytes) -> RecoveryCode | None:
    """Find a recovery code, used or not, and hold it until the transaction ends."""
    return db.session.get(RecoveryCode, code_digest, populate_existing=True, with_for_update=True)


def count_recovery_codes(account_id: UUID) -> int:
    """Count the recovery codes that are left."""
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.session.scalars(left).one()


def list_passkeys(account_id: UUID) -> Sequence[Passkey]:
    """List an account's passkeys, oldest first."""
    return db.session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()


def find_passkey(passkey_id: UUID, account_id: UUID) -> Passkey | None:
    """Find a passkey of this account."""
    passkey = db.session.get(Passkey, passkey_id)
    return passkey if passkey is not None and passkey.account_id == account_id else None


def find_and_lock_passkey(credential_id: bytes) -> Passkey | None:
    """Find the passkey a device speaks of, and hold it until the transaction ends: its counter only grows."""
    found = select(Passkey).where(Passkey.credential_id == credential_id)
    return db.session.scalars(found.with_for_update().execution_options(populate_existing=True)).one_or_none()


def find_step(token_hash: bytes) -> SignInStep | None:
    """Find a step by its token, past its time or not."""
    return db.session.get(SignInStep, token_hash)


def find_and_lock_step(token_hash: bytes) -> SignInStep | None:
    """Find a step by its token and hold it until the transaction ends: it leads to one success."""
    return db.session.get(SignInStep, token_hash, populate_existing=True, with_for_update=True)
