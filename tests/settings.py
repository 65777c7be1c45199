"""Settings for the tests: complete, random-looking, and nobody else's."""

import base64
import hashlib


def _made(purpose: str) -> str:
    return base64.b64encode(hashlib.sha256(f"record room tests {purpose}".encode()).digest()).decode()


SECRETS = {
    name: _made(name)
    for name in ("SECRET_KEY", "JWT_SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEY", "LOG_HASH_SECRET")
}


def settings_for(database_url: str, **changes: str) -> dict[str, str]:
    """Return the environment of an application on a database; rate limits are off unless a test turns them on."""
    return {
        **SECRETS,
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": "5",
        "DATABASE_MAX_OVERFLOW": "25",
        "RATE_LIMIT_PER_MINUTE": "0",
        "RATE_LIMIT_AUTH_PER_MINUTE": "0",
        "RUN_WORKER": "false",
        **changes,
    }


def production_settings(database_url: str, **changes: str) -> dict[str, str]:
    """Return the environment of an application as it would run in earnest."""
    earnest = {"APP_ENV": "production", "BASE_URL": "https://records.example.com", "WEB_CONCURRENCY": "1"}
    return settings_for(database_url, **{**earnest, **changes})
