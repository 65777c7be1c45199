"""The blueprint of the pages of corrections."""

from flask import Blueprint

bp = Blueprint("privacy_web", __name__)
