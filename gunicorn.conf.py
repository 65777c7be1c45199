"""How gunicorn serves Record Room: `gunicorn -c gunicorn.conf.py wsgi:app`.

Reading the settings here means that wrong ones end the start before a port is opened.
"""

from pathlib import Path
from typing import Any

from config import Config

_config = Config.from_env()

bind = f"[{_config.host}]:{_config.port}" if ":" in _config.host else f"{_config.host}:{_config.port}"
workers = _config.web_concurrency
threads = _config.web_threads
worker_class = "gthread"

# nginx keeps its upstream connections for 60 s; whoever closes first must be nginx, or it answers a stray 502.
keepalive = 75
timeout = 30
graceful_timeout = 20

# A process that is alone must not leave while nobody else can answer.
max_requests = 0 if workers == 1 else 20_000
max_requests_jitter = 0 if workers == 1 else 4_000

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


def on_starting(_server: Any) -> None:
    """Begin with empty counters: the files of an earlier start belong to processes that are gone."""
    _metrics.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in _metrics.glob("*.db"):
        old.unlink(missing_ok=True)


def when_ready(_server: Any) -> None:
    """Say where the service is, once it listens."""
    print(f"Record Room is open: {_config.base_url}", flush=True)
