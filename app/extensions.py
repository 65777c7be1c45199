"""The unbound parts that Flask extensions bring; create_app() binds them."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every table; its names for constraints are what errors are mapped by."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# An answer tells what its own transaction wrote: a row read again after the commit may be somebody else's next version.
db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})
login_manager = LoginManager()
limiter = Limiter(key_func=get_remote_address, enabled=True)
csrf = CSRFProtect()
mail = Mail()


def init_app(app: Flask) -> None:
    """Bind what needs no settings beyond the application's own; the database and mail have modules of their own."""
    login_manager.init_app(app)
    csrf.init_app(app)
