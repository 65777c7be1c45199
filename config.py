"""Every setting of Record Room, read once, checked at once, and frozen; the only reader of the environment."""

import os
import re
import secrets
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from sqlalchemy import exc, make_url

Parser = Callable[[str], Any]


class ConfigError(SystemExit):
    """The settings cannot be used. It ends any start by its lines alone, which name setting and mend, never a value."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(f"configuration: {name}: {text}" for name, text in self.problems.items()))


def _rule(wanted: str, shape: str = ".+", read: Parser = str, holds: Callable[[Any], bool] = lambda _: True) -> Parser:
    def parse(text: str) -> Any:
        text = text.strip()
        with suppress(ValueError, LookupError, OSError, exc.ArgumentError):
            if re.fullmatch(shape, text, re.ASCII) and holds(value := read(text)):
                return value
        raise ValueError(f"must be {wanted}")

    return parse


def _one_of(*options: str) -> Parser:
    return _rule(f"one of {', '.join(options)}", "|".join(options))


def _whole(low: int, high: int) -> Parser:
    return _rule(f"a whole number from {low} to {high}", r"\d+", int, lambda number: low <= number <= high)


def _items(parse: Parser) -> Parser:
    plain = _rule("a list", read=lambda text: re.sub(r"^\[(.*)\]$", r"\1", text).replace('"', "").split(","))
    return lambda text: tuple(parse(item) for item in plain(text) if item.strip())


def _strong(value: str | bytes) -> bool:
    raw = value if isinstance(value, bytes) else value.encode()
    return len(set(raw)) >= 8 and not re.search(rb"(?i)change.?(me|th)|^(replace|placeholder|your.?(secret|key))", raw)


def _is_writable(file: Path) -> bool:
    there = next(place for place in (file, *file.absolute().parents) if place.exists())
    return os.access(there, os.W_OK) and there.is_dir() == (there != file)


def _database(text: str) -> str:
    url = make_url(re.sub(r"^mariadb\+", "mysql+", text))  # SQLAlchemy ignores the mysql variant of a type for mariadb+
    if url.drivername == "mysql+mysqldb" and find_spec("MySQLdb") is None:
        raise ImportError("needs the package mysqlclient; install it, or write mysql+pymysql:// instead")
    return url.render_as_string(hide_password=False) if url.database else ""


ROLES = ("member", "viewer", "editor", "supervisor", "admin")
_MAKE = "without placeholder or repetition; make a new one with: openssl rand -base64 32"
_secret = _rule(f"32 random characters or more {_MAKE}", ".{32,}", holds=_strong)
_key = _rule(f"32 random bytes in base64 {_MAKE}", r"[\w+/-]{43}=?", lambda text: b64decode(text + "=", b"-_"), _strong)
_decimal = _rule("a number above 0, at most 10000", r"\d+(\.\d+)?", float, lambda number: 0 < number <= 10000)
_flag = _rule("true or false", "(?i:true|false)", lambda text: text.lower() == "true")
_mail = _rule("an e-mail address such as name@example.com", r"[!-?A-~]{1,64}@[\w-]+(\.[\w-]+)+", str.lower)
_AT = r"(\[[\da-fA-F:.]+\]|[^\s/?#@*:]+)(:(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]?\d{1,4}))?"
_LINK = rf"(\S*@)?{_AT}([/?]\S*)?"
_site = _rule("an address without a path", r"https?://[^\s/?#@*]+/?", lambda url: url.rstrip("/"))
_network = _rule("an address or host name", r"[\w.:-]+")
_ENGINES = r"(sqlite:///(?!:memory:|file:)|(mysql|mariadb)\+pymysql://|mysql\+mysqldb://).+"
_database_url = _rule("sqlite:///file or mysql+pymysql://user:password@host/name", _ENGINES, _database, bool)


def _set(rule: Parser = str, default: str = "", **special: Any) -> Any:
    """Declare one setting; `special` takes production (its default there), required (there), secret, name, absent."""
    return field(metadata={"rule": rule, "default": default, "production": default, **special})


@dataclass(frozen=True, kw_only=True, repr=False)
class Config:
    """The settings of one process; blank counts as absent. Its repr shows no value, because many are secret."""

    root: Path = Path(__file__).resolve().parent  # where the program is
    instance_dir: Path  # what this installation makes: database, development secrets, mail
    is_production: bool
    is_sqlite: bool
    app_env: str = _set(_one_of("development", "production"), "development")
    host: str = _set(_network, "127.0.0.1")
    port: int = _set(_whole(1, 65535), "8000")
    web_concurrency: int = _set(_whole(1, 512))
    web_threads: int = _set(_whole(1, 512), "8")
    database_url: str = _set(_database_url, "sqlite:///instance/records.sqlite3", production="", required=True)
    database_pool_size: int = _set(_whole(1, 10000), "50")
    database_max_overflow: int = _set(_whole(0, 10000), "100")
    database_pool_timeout: int = _set(_whole(1, 3600), "30")
    database_pool_recycle: int = _set(_whole(1, 604800), "3600")
    redis_url: str | None = _set(_rule("an address such as redis://host:6379/0", rf"rediss?://{_LINK}|unix://\S+"))
    secret_key: str = _set(_secret, required=True, secret=True)
    secret_key_fallbacks: tuple[str, ...] = _set(_items(_secret), secret=True, absent=())
    jwt_secret_keys: tuple[str, ...] = _set(_items(_secret), required=True, secret=True, name="JWT_SECRET_KEY")
    jwt_access_token_expire_minutes: float = _set(_decimal, "30")
    jwt_refresh_token_expire_days: float = _set(_decimal, "7")
    field_encryption_keys: tuple[bytes, ...] = _set(_items(_key), required=True, secret=True)
    blind_index_key: bytes = _set(_key, required=True, secret=True)
    log_hash_secret: str = _set(_secret, required=True, secret=True)
    log_level: str = _set(_one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
    log_file: Path | None = _set(_rule("the path of a file that this user may write", read=Path, holds=_is_writable))
    admin_email: str | None = _set(_mail, "admin@example.com", production="")
    admin_password: str | None = _set(secret=True)
    base_url: str = _set(_site, "http://127.0.0.1:$PORT", production="", required=True)
    smtp_server: str | None = _set(_network)
    smtp_port: int = _set(_whole(1, 65535), "587")
    smtp_username: str | None = _set()
    smtp_password: str | None = _set()
    smtp_use_tls: bool = _set(_flag, "true")
    from_email: str | None = _set(_mail)
    from_name: str | None = _set(_rule("one line of text", r"[^\x00-\x1f\x7f]+"))
    sms_webhook_url: str | None = _set(_rule("an address such as https://host/path", rf"https?://{_AT}([/?]\S*)?"))
    broker_url: str | None = _set(_rule("an address such as amqp://host/", rf"(amqps?|rediss?)://{_LINK}"))
    allowed_origins: tuple[str, ...] = _set(_items(_site), absent=())
    trusted_proxies: int = _set(_whole(0, 10), "0")
    rate_limit_per_minute: int = _set(_whole(0, 1000000), "100")
    rate_limit_auth_per_minute: int = _set(_whole(0, 1000000), "10")
    max_login_attempts: int = _set(_whole(1, 1000), "5")
    lockout_minutes: float = _set(_decimal, "15")
    mfa_required_roles: tuple[str, ...] = _set(_items(_one_of(*ROLES)), absent=())
    oidc_issuer: str | None = _set(_rule("an address such as https://host/path", rf"https?://{_AT}(/[^\s?#]*)?"))
    oidc_client_id: str | None = _set()
    oidc_client_secret: str | None = _set(secret=True)
    oidc_name: str = _set(default="single sign-on")
    oidc_role_claim: str | None = _set()
    oidc_role_map: tuple[str, ...] = _set(_items(_rule("claim value=role", f".+=({'|'.join(ROLES)})")), absent=())
    session_idle_minutes: float = _set(_decimal, "30")
    session_max_hours: float = _set(_decimal, "12")
    metrics_token: str | None = _set(_rule("visible ASCII characters without blanks", "[!-~]+"), secret=True)
    otel_exporter_otlp_endpoint: str | None = _set(_site)
    sentry_dsn: str | None = _set(_rule("an address such as https://key@host/1", r"https?://[^\s/?#@]+@\S+/\d+"))
    run_worker: bool = _set(_flag, "true", production="false")
    webhook_allow_private: bool = _set(_flag, "true", production="false")
    webhook_retry_seconds: tuple[int, ...] = _set(_items(_whole(1, 604800)), "5,30,120,600,3600,14400,43200,86400")
    audit_anchor_file: Path = _set(_rule("the path of a file", read=Path), "instance/audit-anchors.jsonl")
    registration: str = _set(_one_of("open", "invite", "closed"), "open", production="invite")
    password_policy: str = _set(_one_of("composition", "nist"), "composition")
    allow_test_identities: bool = _set(_flag, "true", production="false")
    require_version: bool = _set(_flag, "false")
    default_page_size: int = _set(_whole(1, 1000), "10")
    max_page_size: int = _set(_whole(1, 1000), "100")
    idempotency_ttl_hours: float = _set(_decimal, "24")
    verification_link_hours: float = _set(_decimal, "24")
    verification_reminder_days: int = _set(_whole(0, 29), "0")
    timezone: str = _set(_rule("a time zone such as Asia/Kolkata", read=lambda at: ZoneInfo(at).key), "Asia/Kolkata")
    default_locale: str = _set(_rule("a language code such as en", "[a-z]{2,3}([_-][A-Za-z]{2,4})?"), "en")
    max_request_bytes: int = _set(_whole(1024, 1 << 30), str(1 << 20))
    max_import_bytes: int = _set(_whole(1024, 1 << 32), str(50 << 20))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Self:
        """Read `environ`, else the environment over .env in `home`, the working folder. Raises ConfigError."""
        home = (home or Path.cwd()).resolve()
        given = {**dotenv_values(home / ".env", interpolate=False), **os.environ} if environ is None else environ
        values, problems = _parse({name: text for name, text in given.items() if text and text.strip()}, home)
        if problems := {**dict(_contradictions(values)), **problems}:
            raise ConfigError(problems)
        return cls(**values)


MENDS = {
    "WEB_CONCURRENCY": "must be 1 with SQLite in production; name a MySQL server in DATABASE_URL for more",
    "REDIS_URL": "is needed by more than one worker process; set it, or set WEB_CONCURRENCY=1",
    "BASE_URL": "must begin https:// in production",
    "ALLOW_TEST_IDENTITIES": "must be false in production; remove it",
    "DEFAULT_PAGE_SIZE": "must not be above MAX_PAGE_SIZE; lower it",
    "ADMIN_PASSWORD": "is weak; use 8 characters or more of all four kinds (15 or more with PASSWORD_POLICY=nist)",
}
SETTINGS = {slot.metadata.get("name", slot.name.upper()): slot for slot in fields(Config) if slot.metadata}


def _parse(given: Mapping[str, str], home: Path) -> tuple[dict[str, Any], dict[str, str]]:
    production = given.get("APP_ENV", "").strip() == "production"
    values: dict[str, Any] = {"instance_dir": home / "instance", "is_production": production}
    debugs = production and given.get("FLASK_DEBUG", "0").lower() not in {"0", "false", "no"}
    problems = {"FLASK_DEBUG": "must be off in production; remove it, and --debug"} if debugs else {}
    for name, slot in SETTINGS.items():
        special, values[slot.name] = slot.metadata, slot.metadata.get("absent")
        try:
            if text := given.get(name) or _default(name, special, given, None if production else home):
                values[slot.name] = special["rule"](text)
        except (ValueError, ImportError, OSError) as problem:
            problems[name] = str(problem)
        if special.get("required") and not values[slot.name]:
            problems.setdefault(name, "is missing; set it in the environment or in .env")
    sqlite = (url := values["database_url"] or "").startswith("sqlite")
    paths = {name: values[name] and home / values[name] for name in ("log_file", "audit_anchor_file")}
    url = f"sqlite:///{home / url.removeprefix('sqlite:///')}" if sqlite else url
    workers = values["web_concurrency"] or (1 if sqlite else 2 * (os.cpu_count() or 1) + 1)
    return {**values, "is_sqlite": sqlite, "database_url": url, "web_concurrency": workers, **paths}, problems


def _default(name: str, special: Mapping[str, Any], given: Mapping[str, str], home: Path | None) -> str:
    if home and special.get("required") and special.get("secret"):
        return _stored_secret(home / "instance" / "secrets" / name)
    return str(special["default" if home else "production"]).replace("$PORT", given.get("PORT", "8000").strip())


def _stored_secret(path: Path) -> str:
    if not path.exists():
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent) as draft, suppress(FileExistsError):
            Path(draft.name).write_text(b64encode(secrets.token_bytes(32)).decode())
            os.link(draft.name, path)  # appears whole or not at all, so processes that start together agree
    return path.read_text("utf-8")


def _contradictions(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    production, sqlite, word = values["is_production"], values["is_sqlite"], values["admin_password"] or ""
    crowd, least = production and values["web_concurrency"] > 1, {"nist": 15}.get(values["password_policy"], 8)
    mixed = word.lower() != word != word.upper() and not word.isalnum() and any(map(str.isdigit, word))
    wrong = {
        "WEB_CONCURRENCY": crowd and sqlite,
        "REDIS_URL": crowd and values["database_url"] and not sqlite and not values["redis_url"],
        "BASE_URL": production and (values["base_url"] or "").startswith("http:"),
        "ALLOW_TEST_IDENTITIES": production and values["allow_test_identities"],
        "DEFAULT_PAGE_SIZE": (values["default_page_size"] or 0) > (values["max_page_size"] or 1000),
        "ADMIN_PASSWORD": word and (len(word) < least or (least == 8 and not mixed)),
    }
    yield from ((name, MENDS[name]) for name, is_wrong in wrong.items() if is_wrong)
    seen: dict[bytes, str] = {}
    for name, slot in ((name, slot) for name, slot in SETTINGS.items() if slot.metadata.get("secret")):
        value = values[slot.name] or ()
        for item in value if isinstance(value, tuple) else (value,):
            raw = item if isinstance(item, bytes) else item.encode()
            with suppress(ValueError):
                raw = raw if raw is item else _key(item)  # one key in two spellings is one value
            if raw in seen:
                yield name, f"holds a value that {seen[raw]} holds too; give each its own"
            seen[raw] = name
