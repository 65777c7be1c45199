"""Forms that another site had a browser send: every write of a page carries its session's token."""

from flask import request
from flask_wtf.csrf import CSRFError, ValidationError, validate_csrf

from app.core.doors import Door
from app.extensions import csrf


def refuse_foreign_form(door: Door) -> None:
    """Refuse a form that does not carry this session's token, or that comes from elsewhere.

    A page that hides its address cannot show it to prove where it comes from; its token has to do. Raises CSRFError.
    """
    if not door.hides_address:
        csrf.protect()
        return
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError as error:
        raise CSRFError(str(error)) from None
