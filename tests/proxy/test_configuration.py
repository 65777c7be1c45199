"""nginx takes its configuration as it stands, certificates aside, and says what the application would say."""

import re

import pytest

from app.core.catalogue import CATALOGUE
from tests.services.nginx import Nginx
from tests.services.served import ROOT


@pytest.mark.usefixtures("nginx_program")
def test_nginx_accepts_the_configuration() -> None:
    nginx = Nginx(8000)
    try:
        done = nginx.check()
    finally:
        nginx.stop()
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr


def test_its_problems_are_those_of_the_catalogue() -> None:
    text = (ROOT / "nginx.conf").read_text()
    found = re.findall(r'/problems/([a-z-]+)","title":"([^"]+)","status":(\d+),.*?"code":"([A-Z_]+)"', text)
    assert {code for *_, code in found} == {"MALFORMED_REQUEST", "UNAVAILABLE", "REQUEST_TOO_LARGE", "RATE_LIMITED"}
    for slug, title, status, code in found:
        known = CATALOGUE[code]
        assert (slug, title) == (code.lower().replace("_", "-"), known.title)
        assert int(status) in known.statuses


def test_a_write_is_never_sent_twice_by_configuration() -> None:
    assert "proxy_next_upstream error;" in (ROOT / "nginx.conf").read_text()
    assert not re.search(r"^[^#]*non_idempotent", (ROOT / "nginx.conf").read_text(), re.MULTILINE)
