"""An account as it leaves the store: everything the contract names, and nothing secret."""

from collections.abc import Sequence

from app.accounts import lockout, queries_accounts, queries_factors
from app.accounts.models import Account
from app.accounts.schemas import AccountOutput
from app.core.database import utc_now
from app.core.identity import scopes_of


def shown_account(account: Account) -> AccountOutput:
    """Return one account as it is shown."""
    return shown_accounts([account])[0]


def shown_accounts(accounts: Sequence[Account]) -> list[AccountOutput]:
    """Return accounts as they are shown; what stands in other tables is read for all of them together."""
    digests = {account.id: digests_of(account) for account in accounts}
    locks = queries_accounts.locks_of([one for some in digests.values() for one in some], utc_now())
    with_factor = queries_factors.with_second_factor([account.id for account in accounts])
    return [
        AccountOutput(
            id=account.id,
            email=account.email,
            username=account.username,
            full_name=account.full_name,
            bio=account.bio,
            role=account.role,
            scopes=sorted(scopes_of(account.role)),
            is_active=account.is_active,
            email_verified=account.email_verified,
            mfa_enabled=account.id in with_factor,
            locked_until=max((locks[one] for one in digests[account.id] if one in locks), default=None),
            created_at=account.created_at,
            last_login_at=account.last_login_at,
        )
        for account in accounts
    ]


def digests_of(account: Account) -> list[bytes]:
    """Return what stands for the names an account signs in with, where wrong tries are counted."""
    return [lockout.digest_of(name) for name in (account.email, account.username) if name]
