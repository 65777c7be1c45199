"""The WSGI entry point: `gunicorn -c gunicorn.conf.py wsgi:app`.

What a start makes lives as long as the process. Python's garbage collector would look through it some four hundred
times and find next to nothing, which is a sixth of the start; so it rests meanwhile, and leaves all that aside later.
"""

import gc

gc.disable()

from app import create_app  # noqa: E402 - the imports are what takes the time
from app.core.memory import keep_little  # noqa: E402 - the same
from config import Config  # noqa: E402 - the same

keep_little()
app = create_app(Config.from_env())

gc.freeze()
gc.enable()
