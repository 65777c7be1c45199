"""The settings of the running application."""

from typing import cast

from flask import current_app

from config import Config


def settings() -> Config:
    """Return the settings the current application was made with."""
    return cast(Config, current_app.extensions["config"])
