"""Templates that are compiled once, not by every process: their code is kept beside Python's own.

To compile all of them takes a process half as long as to import the program. Where Python keeps no bytecode
(`PYTHONDONTWRITEBYTECODE`, as in `deploy/`) none is kept here. Who could write into that folder could write other code
for config.py into it, so nobody is trusted who was not before. Jinja compares the text of the template; what else might
change the code, a constant that a filter of ours turns while it is compiled, is ruled out by a test.
"""

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError

import jinja2
from flask import Flask
from jinja2.bccache import Bucket, FileSystemBytecodeCache


class CompiledTemplates(FileSystemBytecodeCache):
    """The folder with the code of the templates; whatever is wrong with it, they are compiled anew."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code of a template, if there is any that is whole."""
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template, if it can be kept."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def init_app(app: Flask) -> None:
    """Let the templates be compiled once."""
    beside = Path(cache_from_source(str(Path(app.root_path) / "config.py")))
    pattern = f"template_%s.{sys.implementation.cache_tag}.jinja{jinja2.__version__}"
    app.jinja_options = {**app.jinja_options, "bytecode_cache": CompiledTemplates(str(beside.parent), pattern)}
