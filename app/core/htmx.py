"""The few words this server exchanges with htmx: a page or its fragment, and how to send a browser on.

A fragment has no life of its own: the same address gives the whole page to whoever does not ask by htmx, and on Back.
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block

MESSAGES_ELEMENT = "#messages"
"""The element of every layout that a message is put into when the answer to a fragment is an error."""


def is_htmx() -> bool:
    """Tell whether htmx asks for a part of a page.

    A boosted link, a request with hx-select and Back want the whole page (htmx 4: HX-Request-Type, HX-History-…).
    """
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Request-Type") != "full"
    )


def render_page(template: str, fragment: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """Answer a page, or its block `fragment` when htmx asks for a part."""
    if fragment is not None and is_htmx():
        html = render_block(template, fragment, **context)
    else:
        html = render_template(template, **context)
    return make_response(html, status)


def redirect_to(url: str, *, reload: bool = False) -> Response:
    """Send the browser on after a write (303), or by header when htmx asked.

    `url` is a path of this site. `reload` loads the whole page anew, as after signing in or out.
    """
    target = on_site(url)
    if request.headers.get("HX-Request") != "true":
        return make_response(redirect(target, 303))
    return Response(status=204, headers={"HX-Redirect" if reload else "HX-Location": target})


def on_site(url: str | None, fallback: str = "/") -> str:
    """Return `url` where it is a path of this site, else the fallback: no header leads a browser elsewhere.

    Backslashes and control characters are refused, because browsers read `/\\\\host` as another site.
    """
    if not url or not url.startswith("/") or url.startswith("//"):
        return fallback
    return fallback if "\\" in url or not url.isprintable() or not url.isascii() else url


def retarget(response: Response) -> Response:
    """Have htmx show an error in the page's message element and leave page, form and address as they are."""
    response.headers["HX-Retarget"] = MESSAGES_ELEMENT
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Push-Url"] = "false"
    return response
