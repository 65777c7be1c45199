"""The WSGI entry point: `gunicorn -c gunicorn.conf.py wsgi:app`."""

from app import create_app
from app.core.memory import keep_little
from config import Config

keep_little()
app = create_app(Config.from_env())
