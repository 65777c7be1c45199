"""Secrets: generated for a developer, demanded in production, and never weak, shared or shown."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import Config, ConfigError
from tests.settings import SECRETS, production_settings, settings_for

SQLITE = "sqlite:///records.sqlite3"
MYSQL = "mysql+pymysql://room@db.example.com/records"
REQUIRED = {*SECRETS, "DATABASE_URL", "BASE_URL"}


def problems(tmp_path: Path, given: dict[str, str]) -> dict[str, str]:
    """Return what is said about settings that cannot be used."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(given, home=tmp_path)
    return refused.value.problems


def key(*numbers: int) -> str:
    """Write 32 bytes as a setting."""
    return base64.b64encode(bytes((numbers * 32)[:32])).decode()


def test_production_names_everything_it_misses(tmp_path: Path) -> None:
    said = problems(tmp_path, {"APP_ENV": "production"})
    assert set(said) == REQUIRED
    assert all("is missing" in text for text in said.values())


def test_production_makes_no_secrets(tmp_path: Path) -> None:
    problems(tmp_path, {"APP_ENV": "production"})
    Config.from_env(production_settings(SQLITE), home=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blank", ["", "   ", ","])
def test_a_blank_secret_is_a_missing_one(tmp_path: Path, blank: str) -> None:
    said = problems(tmp_path, production_settings(SQLITE, JWT_SECRET_KEY=blank))
    assert list(said) == ["JWT_SECRET_KEY"]


def test_generated_secrets_are_private_and_stay(tmp_path: Path) -> None:
    first, second = (Config.from_env({}, home=tmp_path) for _ in range(2))
    assert first == second
    folder = tmp_path / "instance" / "secrets"
    assert {path.name for path in folder.iterdir()} == set(SECRETS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}


def test_generated_secrets_differ_from_each_other_and_between_installations(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made = [Config.from_env({}, home=home) for home in (tmp_path, tmp_path / "other")]
    values = [value for c in made for value in (c.secret_key, c.jwt_secret_keys[0], c.log_hash_secret)]
    values += [value.hex() for c in made for value in (c.blind_index_key, c.field_encryption_keys[0])]
    assert len(set(values)) == 10


def test_starts_at_the_same_moment_agree_on_generated_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as starts:
        configs = list(starts.map(lambda _: Config.from_env({}, home=tmp_path), range(16)))
    assert all(config == configs[0] for config in configs)


def test_a_spoilt_generated_secret_is_named(tmp_path: Path) -> None:
    Config.from_env({}, home=tmp_path)
    (tmp_path / "instance" / "secrets" / "BLIND_INDEX_KEY").write_text("spoilt")
    assert list(problems(tmp_path, {})) == ["BLIND_INDEX_KEY"]


def test_a_given_secret_wins_over_a_generated_one(tmp_path: Path) -> None:
    Config.from_env({}, home=tmp_path)
    assert Config.from_env(settings_for(SQLITE), home=tmp_path).secret_key == SECRETS["SECRET_KEY"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_SECRET_KEY", "LOG_HASH_SECRET"])
@pytest.mark.parametrize(
    "text",
    [
        "secret",
        "31 characters are one too few !",
        "change-me-to-something-long-and-random",
        "CHANGEME0123456789abcdefghijklmnopqrst",
        "please-change-me-0123456789-abcdefghij",
        "your-secret-key-0123456789-abcdefghijk",
        "replace-me-0123456789-abcdefghijklmnop",
        "replace_with_32_random_characters_0123",
        "Change this to 32 random characters !!",
        "a" * 64,
        "secret" * 8,
        "password" * 4,
    ],
)
def test_a_weak_secret_is_refused(tmp_path: Path, name: str, text: str) -> None:
    said = problems(tmp_path, settings_for(SQLITE, **{name: text}))
    assert list(said) == [name]
    assert text not in said[name]


@pytest.mark.parametrize("name", ["FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEY"])
@pytest.mark.parametrize(
    "text",
    [
        key(0),
        key(1, 2),
        base64.b64encode(b"change-me-change-me-change-me-32").decode(),
        base64.b64encode(bytes(range(31))).decode(),
        base64.b64encode(bytes(range(33))).decode(),
        base64.b64encode(bytes(range(16))).decode(),
        "0123456789abcdef" * 4,
        "not base64 at all, but long enough to be one",
    ],
)
def test_a_key_of_wrong_length_or_without_randomness_is_refused(tmp_path: Path, name: str, text: str) -> None:
    assert list(problems(tmp_path, settings_for(SQLITE, **{name: text}))) == [name]


def test_the_first_key_of_a_list_is_the_newest(tmp_path: Path) -> None:
    newest, oldest = key(*range(32)), key(*range(32, 64))
    config = Config.from_env(settings_for(SQLITE, FIELD_ENCRYPTION_KEYS=f"{newest}, {oldest}"), home=tmp_path)
    assert config.field_encryption_keys == (bytes(range(32)), bytes(range(32, 64)))


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("JWT_SECRET_KEY", SECRETS["SECRET_KEY"], "SECRET_KEY"),
        ("SECRET_KEY_FALLBACKS", SECRETS["SECRET_KEY"], "SECRET_KEY"),
        ("METRICS_TOKEN", SECRETS["LOG_HASH_SECRET"], "LOG_HASH_SECRET"),
        ("BLIND_INDEX_KEY", SECRETS["FIELD_ENCRYPTION_KEYS"], "FIELD_ENCRYPTION_KEYS"),
        ("BLIND_INDEX_KEY", SECRETS["FIELD_ENCRYPTION_KEYS"].rstrip("="), "FIELD_ENCRYPTION_KEYS"),
        ("LOG_HASH_SECRET", SECRETS["BLIND_INDEX_KEY"], "BLIND_INDEX_KEY"),
        ("FIELD_ENCRYPTION_KEYS", f"{key(*range(32))},{key(*range(32))}", "FIELD_ENCRYPTION_KEYS"),
    ],
)
def test_one_value_for_two_settings_is_refused(tmp_path: Path, name: str, text: str, named: str) -> None:
    said = problems(tmp_path, settings_for(SQLITE, **{name: text}))
    assert [name] == list(said)
    assert named in said[name]
    assert text not in said[name]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"BASE_URL": "http://records.example.com"}, "BASE_URL"),
        ({"ALLOW_TEST_IDENTITIES": "true"}, "ALLOW_TEST_IDENTITIES"),
        ({"WEB_CONCURRENCY": "2"}, "WEB_CONCURRENCY"),
        ({"DATABASE_URL": MYSQL, "WEB_CONCURRENCY": "2"}, "REDIS_URL"),
        ({"DATABASE_URL": MYSQL, "WEB_CONCURRENCY": ""}, "REDIS_URL"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"ADMIN_EMAIL": "head@example.com", "ADMIN_PASSWORD": "admin"}, "ADMIN_PASSWORD"),
    ],
)
def test_what_is_unsafe_in_production_is_refused(tmp_path: Path, given: dict[str, str], named: str) -> None:
    assert list(problems(tmp_path, production_settings(SQLITE) | given)) == [named]


@pytest.mark.parametrize(
    "given",
    [
        {"DATABASE_URL": MYSQL, "WEB_CONCURRENCY": "1"},
        {"DATABASE_URL": MYSQL, "WEB_CONCURRENCY": "4", "REDIS_URL": "redis://cache.example.com:6379/0"},
        {"ADMIN_EMAIL": "head@example.com", "ADMIN_PASSWORD": "Monsoon-4-Teacups"},
        {"PASSWORD_POLICY": "nist", "ADMIN_PASSWORD": "monsoon four teacups"},
        {"FLASK_DEBUG": "0"},
    ],
)
def test_what_is_safe_in_production_is_taken(tmp_path: Path, given: dict[str, str]) -> None:
    assert Config.from_env(production_settings(SQLITE) | given, home=tmp_path).is_production
