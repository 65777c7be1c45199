"""An address that hangs on nothing but its name is worked out once, and never where it hangs on more."""

import pytest
from flask import Flask, url_for

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
