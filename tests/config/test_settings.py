"""What a setting may be, what it is when it is absent, and what a wrong one says."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from config import SETTINGS, Config, ConfigError
from tests.services.served import ROOT
from tests.settings import SECRETS, production_settings, settings_for

SQLITE = "sqlite:///records.sqlite3"
MYSQL = "mysql+pymysql://room:secret-of-the-room@db.example.com/records"


def read(tmp_path: Path, **changes: str) -> Config:
    """Read the settings of a development machine, complete but for the changes."""
    return Config.from_env(settings_for(SQLITE) | changes, home=tmp_path)


def problems(tmp_path: Path, given: dict[str, str]) -> dict[str, str]:
    """Return what is said about settings that cannot be used."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(given, home=tmp_path)
    return refused.value.problems


def test_every_setting_of_the_example_is_a_setting_with_that_default() -> None:
    example = dotenv_values(ROOT / ".env.example", interpolate=False)
    assert list(example) == sorted(example, key=list(example).index)
    assert set(example) == set(SETTINGS)
    shown_otherwise = {"BASE_URL"}  # its default follows PORT
    defaults = {name: slot.metadata["default"] for name, slot in SETTINGS.items()}
    assert {name: text for name, text in example.items() if name not in shown_otherwise} == {
        name: text for name, text in defaults.items() if name not in shown_otherwise
    }


@pytest.mark.parametrize("place", ["logs", "taken/room.log"])
def test_a_log_has_to_be_a_file_that_can_be(tmp_path: Path, place: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "taken").touch()
    given = settings_for(SQLITE, LOG_FILE=str(tmp_path / place))
    assert problems(tmp_path, given) == {"LOG_FILE": "must be the path of a file that this user may write"}
    for good in ("logs/new/room.log", "taken"):
        assert read(tmp_path, LOG_FILE=str(tmp_path / good)).log_file == tmp_path / good


def test_a_log_where_this_user_may_not_write_is_refused(tmp_path: Path) -> None:
    place = Path("/proc/sys/room.log")  # where not even root may
    assert list(problems(tmp_path, settings_for(SQLITE, LOG_FILE=str(place)))) == ["LOG_FILE"]


def test_the_example_itself_starts_a_development_machine(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes((ROOT / ".env.example").read_bytes())
    given = {name: text or "" for name, text in dotenv_values(tmp_path / ".env").items()}
    assert Config.from_env(given, home=tmp_path) == Config.from_env({}, home=tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app_env", "development"),
        ("host", "127.0.0.1"),
        ("port", 8000),
        ("web_concurrency", 1),
        ("web_threads", 8),
        ("database_pool_size", 50),
        ("database_max_overflow", 100),
        ("database_pool_timeout", 30),
        ("database_pool_recycle", 3600),
        ("redis_url", None),
        ("secret_key_fallbacks", ()),
        ("jwt_access_token_expire_minutes", 30),
        ("jwt_refresh_token_expire_days", 7),
        ("log_level", "INFO"),
        ("log_file", None),
        ("admin_email", "admin@example.com"),
        ("admin_password", None),
        ("base_url", "http://127.0.0.1:8000"),
        ("smtp_port", 587),
        ("smtp_use_tls", True),
        ("allowed_origins", ()),
        ("trusted_proxies", 0),
        ("rate_limit_per_minute", 100),
        ("rate_limit_auth_per_minute", 10),
        ("max_login_attempts", 5),
        ("lockout_minutes", 15),
        ("session_idle_minutes", 30),
        ("session_max_hours", 12),
        ("mfa_required_roles", ()),
        ("run_worker", True),
        ("webhook_allow_private", True),
        ("webhook_retry_seconds", (5, 30, 120, 600, 3600, 14400, 43200, 86400)),
        ("registration", "open"),
        ("password_policy", "composition"),
        ("allow_test_identities", True),
        ("require_version", False),
        ("default_page_size", 10),
        ("max_page_size", 100),
        ("idempotency_ttl_hours", 24),
        ("verification_link_hours", 24),
        ("timezone", "Asia/Kolkata"),
        ("default_locale", "en"),
        ("max_request_bytes", 1024 * 1024),
        ("max_import_bytes", 50 * 1024 * 1024),
        ("is_production", False),
        ("is_sqlite", True),
    ],
)
def test_a_development_machine_needs_no_setting(tmp_path: Path, name: str, expected: object) -> None:
    assert getattr(Config.from_env({}, home=tmp_path), name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("admin_email", None),
        ("run_worker", False),
        ("webhook_allow_private", False),
        ("registration", "invite"),
        ("allow_test_identities", False),
        ("is_production", True),
    ],
)
def test_production_is_stricter_by_default(tmp_path: Path, name: str, expected: object) -> None:
    assert getattr(Config.from_env(production_settings(SQLITE), home=tmp_path), name) == expected


@pytest.mark.parametrize(
    ("name", "text", "attribute", "expected"),
    [
        ("PORT", " 9000 ", "base_url", "http://127.0.0.1:9000"),
        ("BASE_URL", "https://records.example.com/", "base_url", "https://records.example.com"),
        ("ALLOWED_ORIGINS", "https://a.example.com, http://b.example.com:81", "allowed_origins", None),
        ("ALLOWED_ORIGINS", '["https://a.example.com", "http://b.example.com:81"]', "allowed_origins", None),
        ("ALLOWED_ORIGINS", "[]", "allowed_origins", ()),
        ("MFA_REQUIRED_ROLES", "admin, supervisor", "mfa_required_roles", ("admin", "supervisor")),
        ("LOCKOUT_MINUTES", "0.05", "lockout_minutes", 0.05),
        ("IDEMPOTENCY_TTL_HOURS", "0.001", "idempotency_ttl_hours", 0.001),
        ("VERIFICATION_LINK_HOURS", "1.5", "verification_link_hours", 1.5),
        ("REQUIRE_VERSION", "True", "require_version", True),
        ("RATE_LIMIT_PER_MINUTE", "0", "rate_limit_per_minute", 0),
        ("ADMIN_EMAIL", "Head@Example.com", "admin_email", "head@example.com"),
        ("ADMIN_PASSWORD", " Trailing-1-blank ", "admin_password", " Trailing-1-blank "),
        ("WEBHOOK_RETRY_SECONDS", "1,2", "webhook_retry_seconds", (1, 2)),
        ("DEFAULT_PAGE_SIZE", "", "default_page_size", 10),
        ("DEFAULT_PAGE_SIZE", "  ", "default_page_size", 10),
    ],
)
def test_a_setting_is_read_in_the_spellings_people_use(
    tmp_path: Path, name: str, text: str, attribute: str, expected: object
) -> None:
    origins = ("https://a.example.com", "http://b.example.com:81")
    assert getattr(read(tmp_path, **{name: text}), attribute) == (origins if expected is None else expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("APP_ENV", "staging"),
        ("HOST", "127.0.0.1 8000"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "8k"),
        ("PORT", "٨٠٠٠"),
        ("PORT", "-1"),
        ("PORT", "9" * 5000),
        ("WEB_THREADS", "0"),
        ("DATABASE_POOL_SIZE", "many"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://cache:port/0"),
        ("REDIS_URL", "redis://cache:65536/0"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", "-1"),
        ("LOCKOUT_MINUTES", "nan"),
        ("LOCKOUT_MINUTES", "1e3"),
        ("LOG_LEVEL", "LOUD"),
        ("ADMIN_EMAIL", "admin"),
        ("BASE_URL", "records.example.com"),
        ("BASE_URL", "https://records.example.com/app"),
        ("BASE_URL", "javascript://x"),
        ("SMTP_PORT", "smtp"),
        ("SMTP_USE_TLS", "maybe"),
        ("FROM_EMAIL", "Record Room"),
        ("SMS_WEBHOOK_URL", "ftp://sms.example.com"),
        ("SMS_WEBHOOK_URL", "https://sms.example.com:443x/send"),
        ("BROKER_URL", "kafka://events.example.com"),
        ("BROKER_URL", "amqp://room:word@events.example.com:70000/"),
        ("MFA_REQUIRED_ROLES", "admin,boss"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "https://*.example.com"),
        ("ALLOWED_ORIGINS", '["https://a.example.com", 7]'),
        ("TRUSTED_PROXIES", "all"),
        ("RATE_LIMIT_PER_MINUTE", "-1"),
        ("MAX_LOGIN_ATTEMPTS", "0"),
        ("METRICS_TOKEN", "two words"),
        ("RUN_WORKER", "2"),
        ("WEBHOOK_RETRY_SECONDS", "5,soon"),
        ("REGISTRATION", "closed?"),
        ("PASSWORD_POLICY", "none"),
        ("MAX_PAGE_SIZE", "0"),
        ("IDEMPOTENCY_TTL_HOURS", "0"),
        ("TIMEZONE", "Asia/Atlantis"),
        ("TIMEZONE", "../../etc/passwd"),
        ("DEFAULT_LOCALE", "english"),
        ("MAX_REQUEST_BYTES", "1 MiB"),
        ("ADMIN_PASSWORD", "short1!"),
        ("ADMIN_PASSWORD", "nouppercase1!"),
    ],
)
def test_a_malformed_setting_is_named_and_its_value_is_not_shown(tmp_path: Path, name: str, text: str) -> None:
    said = problems(tmp_path, settings_for(SQLITE) | {name: text})
    assert list(said) == [name]
    assert said[name].startswith(("must ", "is "))
    assert len(text) < 4 or text not in said[name]


def test_all_wrong_settings_are_named_at_once_one_line_each(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(settings_for(SQLITE, PORT="x", TIMEZONE="y", SECRET_KEY="short"), home=tmp_path)
    lines = str(refused.value.code).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["configuration", name] for name in ("PORT", "SECRET_KEY", "TIMEZONE")
    ]


def test_a_wrong_setting_does_not_hide_a_contradiction(tmp_path: Path) -> None:
    said = problems(tmp_path, settings_for(SQLITE, PORT="x", DEFAULT_PAGE_SIZE="101", MAX_PAGE_SIZE="100"))
    assert set(said) == {"PORT", "DEFAULT_PAGE_SIZE"}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text('PORT=9001\nHOST="127.0.0.2"\n# PORT=1\nexport LOG_LEVEL=DEBUG\nTIMEZONE=$HOME\n')
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name in SETTINGS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORT", "9002")
    monkeypatch.setenv("TIMEZONE", "Asia/Tokyo")
    config = Config.from_env()
    assert (config.port, config.host, config.log_level, config.timezone) == (9002, "127.0.0.2", "DEBUG", "Asia/Tokyo")


def test_no_value_is_shown_where_settings_are_printed(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, DATABASE_URL=MYSQL))
    assert not [value for value in (*SECRETS.values(), "secret-of-the-room") if value in shown]


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    config: Any = read(tmp_path)
    with pytest.raises(AttributeError):
        config.port = 1


def test_keys_are_read_in_both_spellings_of_base64(tmp_path: Path) -> None:
    raw = bytes(range(224, 256))
    for spelling in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b64encode(raw).rstrip(b"=")):
        assert read(tmp_path, BLIND_INDEX_KEY=spelling.decode()).blind_index_key == raw
