"""What a schema may know about the moment and the server it is checked on."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Checks:
    """The context of one validation: `today` in the office's time zone, and whether test identities pass."""

    today: date
    allow_test_identities: bool = False
    timezone: str = "Asia/Kolkata"
    password_policy: str = "composition"  # noqa: S105 - the name of a policy, no password
    allow_private_targets: bool = False
    max_page_size: int = 100
