"""How gunicorn serves Record Room: `gunicorn -c gunicorn.conf.py wsgi:app`.

Reading the settings here means that wrong ones end the start before a port is opened.
"""

import sys
from importlib import import_module
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from typing import Any

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from config import Config, ConfigError
from gunicorn_worker import PatientWorker

_config = Config.from_env()

bind = f"[{_config.host}]:{_config.port}" if ":" in _config.host else f"{_config.host}:{_config.port}"
workers = _config.web_concurrency
threads = _config.web_threads
worker_class = PatientWorker
PatientWorker.largest_body = _config.max_request_bytes

# Those who wait for their request to arrive cost no thread, so there may be many of them. Each is an open file, and
# gunicorn's process ends when it may open no more; so as many as may be are asked for, and some kept for all else.
CONNECTIONS, OTHER_FILES = 4000, 256
_files, _most_files = getrlimit(RLIMIT_NOFILE)
_files = max(_files, min(_most_files, CONNECTIONS + OTHER_FILES))
setrlimit(RLIMIT_NOFILE, (_files, _most_files))
worker_connections = min(CONNECTIONS, max(_files // 2, _files - OTHER_FILES))

# nginx keeps its upstream connections for 60 s; whoever closes first must be nginx, or it answers a stray 502.
keepalive = 75
timeout = 30
graceful_timeout = 20

# A process that is alone must not leave while nobody else can answer.
max_requests = 0 if workers == 1 else 20_000
max_requests_jitter = 0 if workers == 1 else 4_000

# What nginx lets through is answered by the application, in its own words.
limit_request_line = 8190
limit_request_field_size = 8190
limit_request_fields = 100

# The heartbeat file on a slow disk would look like a hanging worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, and gunicorn unlinks the file

# It would let anyone with this user's rights stop the service, and needs a home directory to write to.
control_socket_disable = True

# Only a proxy on this machine may say what the scheme and address were; TRUSTED_PROXIES decides what is believed.
forwarded_allow_ips = "127.0.0.1,::1"

# The application writes one JSON line a request itself, without query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "record-room"
umask = 0o077


# Each worker counts for itself in a file; whichever is asked for /metrics adds them up.
_metrics = _config.instance_dir / "metrics"
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_metrics}"] if workers > 1 else []


# A thread has one connection in hand, and two are for what a process writes a moment later.
BESIDE_THREADS = 2
# The background worker, and whoever has to get in when all else is taken: an operator, a migration, a backup.
KEPT_FREE = 17


def connections_allowed() -> int | None:
    """Ask the database how many connections this account may have; None when it cannot be asked now."""
    patience = {"connect_timeout": 2, "read_timeout": 2}
    engine = create_engine(_config.database_url, poolclass=NullPool, connect_args=patience)
    try:
        with engine.connect() as connection:
            limits = connection.execute(text("SELECT @@max_connections, @@max_user_connections")).one()
    except DBAPIError:
        return None
    return min(int(limit) for limit in limits if limit)


def connections_each(allowed: int | None) -> int:
    """Return how many connections a process may have, so that all of them together never ask for one too many.

    Raises ConfigError when there is not one for each."""
    wanted = min(_config.database_pool_size + _config.database_max_overflow, threads + BESIDE_THREADS)
    if allowed is None:
        return wanted
    share = (allowed - KEPT_FREE) // workers
    mend = f"; lower WEB_CONCURRENCY from {workers}, or raise max_connections from {allowed}"
    if share < 1:
        raise ConfigError({"WEB_CONCURRENCY": f"asks for more connections than the database allows{mend}"})
    if share < wanted:
        print(f"The database has {share} connections for each process, which could use {wanted}{mend}", file=sys.stderr)
    return min(share, wanted)


if not _config.is_sqlite:
    _each = connections_each(connections_allowed())
    _kept = min(_config.database_pool_size, _each)
    raw_env += [f"DATABASE_POOL_SIZE={_kept}", f"DATABASE_MAX_OVERFLOW={_each - _kept}"]


def on_starting(_server: Any) -> None:
    """Begin with empty counters: the files of an earlier start belong to processes that are gone."""
    _metrics.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in _metrics.glob("*.db"):
        old.unlink(missing_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Add what a worker has counted to what those before it counted; or files would gather, one for each for ever."""
    for file in _metrics.glob(f"*_{worker.pid}.db"):
        _add_up(file, file.with_name(f"{file.name.partition('_')[0]}_gone.db"))


def _add_up(file: Path, total: Path) -> None:
    # Not at the top: on its import the library looks at once whether several processes count, and `raw_env` says so.
    store = import_module("prometheus_client.mmap_dict").MmapedDict
    sums = store(str(total))
    for key, value, stamp, _ in store.read_all_values_from_file(str(file)):
        sums.write_value(key, sums.read_value(key)[0] + value, stamp)
    sums.close()
    file.unlink()


def pre_request(_worker: Any, request: Any) -> None:
    """Tell the application which of two headers cannot both be meant; it would get them joined, as if they were one."""
    names = [name for name, _ in request.headers]
    for once in ("IDEMPOTENCY-KEY", "IF-MATCH"):
        if names.count(once) > 1 and len({value for name, value in request.headers if name == once}) > 1:
            request.headers.append(("GIVEN-TWICE", once))


def post_worker_init(worker: Any) -> None:
    """Let the application know when the worker is to stop, and read the templates before somebody waits for them."""
    application = worker.wsgi
    application.extensions["is_stopping"] = worker.is_stopping
    for name in application.jinja_env.list_templates():
        application.jinja_env.get_template(name)


def when_ready(_server: Any) -> None:
    """Say where the service is, once it listens."""
    print(f"Record Room is open: {_config.base_url}", flush=True)
