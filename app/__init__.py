"""Record Room: person records, kept with care."""

from app import commands, extensions
from app.accounts import access as account_access
from app.accounts import api as accounts_api
from app.accounts import api_accounts, api_keys, correspondence, sso_provider
from app.accounts import web as accounts_web
from app.activity import api as activity_api
from app.core import (
    access,
    assets,
    audit,
    audit_flush,
    cookies,
    database,
    headers,
    ids,
    json,
    limits,
    logging,
    metrics,
    navigation,
    presenting,
    problems,
    proxies,
    telemetry,
    validation,
    vault,
)
from app.core.room import Room
from app.delivery import api_events, api_webhooks, arranging, broker, mail, web_undelivered, web_webhooks
from app.health import api as health_api
from app.health import docs
from app.privacy import links as privacy
from app.records import api as records_api
from app.records import counting, keeping, own, viewing
from app.records import web as records_web
from app.verification import api as verification_api
from app.verification import states as verification
from app.verification import web as verification_web
from config import Config

SETTINGS_FIRST = (logging, metrics, proxies, headers, cookies, json, ids, assets, vault, database, audit, audit_flush)
SAFEGUARDS = (telemetry, limits, access, validation, problems, presenting, navigation)
FEATURES = (
    *(account_access, sso_provider, correspondence, mail, viewing, own, counting, keeping, privacy, verification),
    *(arranging, api_events, broker, commands),
)
BLUEPRINTS = (
    *(accounts_api.bp, api_accounts.bp, api_keys.bp, accounts_web.bp, records_api.bp, records_web.bp),
    *(*privacy.BLUEPRINTS, verification_api.bp, verification_web.bp, activity_api.bp, api_events.bp, api_webhooks.bp),
    *(web_undelivered.bp, web_webhooks.bp, health_api.bp, docs.bp),
)


def create_app(config: Config | None = None) -> Room:
    """Make the application: its settings, its safeguards, its features. Raises ConfigError."""
    config = config or Config.from_env()
    app = Room(__name__, root_path=str(config.root), instance_path=str(config.instance_dir))
    app.extensions["config"] = config
    app.config["SECRET_KEY"] = config.secret_key
    app.config["SECRET_KEY_FALLBACKS"] = list(config.secret_key_fallbacks)
    app.config["MAX_CONTENT_LENGTH"] = config.max_request_bytes
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    for part in (*SETTINGS_FIRST, extensions, *SAFEGUARDS, *FEATURES):
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
