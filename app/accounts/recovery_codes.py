"""Recovery codes: ten words on paper for the day the phone is lost. Each is good for one use, and shown once."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from app.accounts import queries_factors
from app.accounts.models_factors import RecoveryCode
from app.core.vault import vault
from app.extensions import db

HOW_MANY = 10
LENGTH = 16
"""80 random bits: what is stored cannot be searched through, even without the key of its digest."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", "- ")


def renew(account_id: UUID) -> list[str]:
    """Give an account new recovery codes in place of the old ones; return them as they are shown, this once."""
    forget(account_id)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    db.session.add_all(RecoveryCode(digest=_digest(account_id, code), account_id=account_id) for code in codes)
    return [_spelt(code) for code in codes]


def forget(account_id: UUID) -> None:
    """Void all recovery codes of an account."""
    own = delete(RecoveryCode).where(RecoveryCode.account_id == account_id)
    db.session.execute(own, execution_options={"synchronize_session": False})


def spend(account_id: UUID, typed: str, now: datetime) -> bool:
    """Use a recovery code up; tell whether it was one that could be used."""
    code = queries_factors.find_and_lock_recovery_code(_digest(account_id, _canonical(typed)))
    if code is None or code.used_at is not None:
        return False
    code.used_at = now
    return True


def _canonical(typed: str) -> str:
    """Read a code as people copy it: in any case, with blanks or hyphens, O for 0, I and L for 1."""
    return typed.upper().translate(_READ_AS)


def _spelt(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def _digest(account_id: UUID, code: str) -> bytes:
    return vault().mac("recovery code", account_id.bytes + code.encode("utf-8", "surrogatepass"))
