"""What the calls and pages of second factors take and give."""

from typing import ClassVar

from pydantic import BaseModel, Field

from app.accounts.schemas import SOMETHING, STRICT


class PasswordInput(BaseModel):
    """The password of whoever is signed in, asked for again before a change of weight."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {"password": "Enter your password"}

    password: str = Field(min_length=1, description="Compared exactly as it is sent.")


class CodeInput(BaseModel):
    """A code of the authenticator app."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {"code": "Enter the code"}

    code: str = Field(pattern=SOMETHING, description="Six digits of the authenticator app.")


class SecondStepInput(CodeInput):
    """What finishes a sign-in: the token of the first step, and a code of the app or a recovery code."""

    required_words: ClassVar[dict[str, str]] = {"code": "Enter the code", "mfa_token": "Send the mfa_token"}

    mfa_token: str = Field(pattern=SOMETHING)
    code: str = Field(pattern=SOMETHING, description="Six digits of the authenticator app, or a recovery code.")


class PasskeyAnswer(BaseModel):
    """What a browser says for a passkey, as JSON in a field of a form (WebAuthn: PublicKeyCredential.toJSON)."""

    model_config = STRICT
    required_words: ClassVar[dict[str, str]] = {"credential": "The passkey gave no answer"}

    credential: str = Field(min_length=2, max_length=16384)


class NewPasskeyInput(PasswordInput):
    """What a new passkey is called, with the password."""

    required_words: ClassVar[dict[str, str]] = {"password": "Enter your password", "name": "Enter the name"}

    name: str = Field(min_length=1, max_length=100)


class AddPasskeyInput(PasskeyAnswer):
    """The passkey a browser made, with its name and the token of the step."""

    name: str = Field(min_length=1, max_length=100)
    token: str = Field(min_length=1, max_length=100)


class EnrolmentOutput(BaseModel):
    """The secret of an authenticator app, shown this once: in letters, and as the address for a QR code."""

    secret: str
    otpauth_uri: str


class RecoveryCodesOutput(BaseModel):
    """Ten codes that stand in for a lost second factor, each good for one use; shown this once."""

    recovery_codes: list[str]
