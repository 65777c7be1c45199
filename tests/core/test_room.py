"""An address that hangs on nothing but its name is worked out once, and never where it hangs on more.

How to write it a route learns when it is first asked, and then writes what werkzeug's own would.
"""

from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import Map, Rule

from app.core.ids import NO_ID

RECORDS = "records_web.list_records"


@pytest.mark.parametrize("_time", ["first", "again"])
def test_an_address_without_a_value_is_the_same_each_time(app: Flask, _time: str) -> None:
    with app.test_request_context():
        assert app.url_for(RECORDS) == url_for(RECORDS) == "/records"


def test_a_value_makes_another_address(app: Flask) -> None:
    with app.test_request_context():
        assert app.url_for(RECORDS, q="asha") == "/records?q=asha"
        assert app.url_for(RECORDS) == "/records"


def test_below_a_path_of_its_host_each_address_begins_with_that(app: Flask) -> None:
    with app.test_request_context():
        assert app.url_for(RECORDS) == "/records"
    with app.test_request_context(base_url="https://records.example.com/room"):
        assert app.url_for(RECORDS) == "/room/records"


def test_an_address_may_begin_with_a_dot_for_the_part_of_the_site_it_is_asked_from(app: Flask) -> None:
    with app.test_request_context("/records"):
        assert app.url_for(".list_records") == "/records"


def test_every_route_writes_the_address_that_werkzeug_writes(built_app: Flask) -> None:
    for route in built_app.url_map.iter_rules():
        plain = Rule(route.rule, endpoint=route.endpoint, defaults=route.defaults)
        Map([plain], converters=built_app.url_map.converters)
        values: dict[str, Any] = {**dict.fromkeys(route.arguments, NO_ID), **(route.defaults or {})}
        for given, takes_more in ((values, False), ({**values, "q": "a b"}, True)):
            wanted = plain.build(given, takes_more)
            assert wanted is not None
            assert [route.build(given, takes_more) for _time in ("first", "again")] == [wanted] * 2
