"""A person's phone, for tests of the second step."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp
from werkzeug.test import TestResponse

from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeAccount

STEP = timedelta(seconds=30)
SECURITY = "/settings/security"
SECRET = re.compile(r'rr-secret">([A-Z2-7 ]+)<')
CODE = re.compile(r'<li class="rr-id">([0-9A-Z-]+)</li>')


@dataclass
class Phone:
    """An authenticator app with one secret, and the recovery codes its owner wrote down."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, *, steps: int = 0, at: datetime | None = None) -> str:
        """Return the code it shows now, or some steps away from now."""
        return pyotp.TOTP(self.secret).at((at or datetime.now(UTC)) + steps * STEP)

    def await_step(self, seconds: float = 10.0) -> None:
        """Wait until the step in hand has some seconds left, so that a code of it or the one before is still good."""
        left = STEP.total_seconds() - time.time() % STEP.total_seconds()
        if left < seconds:
            time.sleep(left)

    def wrong(self) -> str:
        """Return a code that it shows at no time near now."""
        near = {self.code(steps=steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)


def enrolled(api: Callable[..., JsonClient], account: MadeAccount) -> tuple[JsonClient, Phone]:
    """Turn two-step sign-in on by the API; return the system that did, and the phone. The last step is used up."""
    system = api(account=account)
    made = system.post("/auth/mfa/totp", json={"password": PASSWORD})
    assert made.status_code == 201, made.text
    phone = Phone(said(made)["secret"])
    code = phone.code(steps=-1)
    done = system.post("/auth/mfa/totp/confirm", json={"code": code})
    if done.status_code == 422 and code != phone.code(steps=-1):  # the step turned meanwhile: it came too late
        done = system.post("/auth/mfa/totp/confirm", json={"code": phone.code(steps=-1)})
    assert done.status_code == 200, done.text
    phone.recovery_codes = said(done)["recovery_codes"]
    return system, phone


def first_step(api: Callable[..., JsonClient], account: MadeAccount) -> tuple[JsonClient, str]:
    """Show the password by the API; return the caller and the token of the second step."""
    system = api(None)
    asked = system.post("/auth/login", json={"email": account.email, "password": PASSWORD})
    assert (asked.status_code, said(asked)["code"]) == (401, "MFA_REQUIRED"), asked.text
    return system, said(asked)["mfa_token"]


def second_step(system: JsonClient, token: str, code: str) -> TestResponse:
    """Send a code for the second step."""
    return system.post("/auth/login/mfa", json={"mfa_token": token, "code": code})


def phone_on(answer: TestResponse) -> Phone:
    """Read the secret off a page into a phone."""
    found = SECRET.search(answer.text)
    assert found, answer.text
    return Phone(found[1].replace(" ", ""))


def set_up(person: Person) -> Phone:
    """Turn two-step sign-in on by the security page; the last step is used up."""
    shown = person.submit(f"{SECURITY}/app", password=PASSWORD)
    phone = phone_on(shown)
    done = person.post(f"{SECURITY}/app/confirm", {"code": phone.code(steps=-1)})
    assert done.status_code == 200, done.text
    phone.recovery_codes = CODE.findall(done.text)
    return phone
