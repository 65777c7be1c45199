"""No address of any route is a 5xx, whatever stands where an id belongs (BAR R28), and each is known in both forms."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask

from app.core.doors import doors

ODD_IDS = {
    "a word": "abc",
    "a number": "1",
    "minus one": "-1",
    "nil": "00000000-0000-0000-0000-000000000000",
    "unknown": "0193a1f0-0000-7000-8000-000000000001",
    "in capitals": "0193A1F0-0000-7000-8000-00000000000A",
    "without hyphens": "0193a1f000007000800000000000000a",
    "in braces": "%7B0193a1f0-0000-7000-8000-000000000001%7D",
    "as a name": "urn:uuid:0193a1f0-0000-7000-8000-000000000001",
    "a NUL": "%00",
    "a line break": "a%0D%0Ab",
    "no UTF-8": "%FF%FE",
    "digits of another script": "%D9%A1%D9%A2",
    "markup": "%3Cscript%3E",
    "a quote": "'%20OR%20'1'='1",
    "dots": "%2e%2e",
    "a semicolon": ";x=1",
    "very long": "x" * 3000,
}
ARGUMENT = re.compile(r"<(?:[^:<>]+:)?\w+>")


def addresses(app: Flask, odd: str) -> list[tuple[str, str]]:
    found = [(rule, methods) for _, rule, methods, _ in doors(app) if "<" in rule]
    return [(method, ARGUMENT.sub(lambda _: odd, rule)) for rule, methods in found for method in methods]


def test_every_path_is_known_with_and_without_a_slash_at_its_end(app: Flask) -> None:
    caller = app.test_client()
    for _, rule, methods, _ in doors(app):
        path = ARGUMENT.sub("0193a1f0-0000-7000-8000-000000000001", rule).rstrip("/")
        for address in filter(None, (path, f"{path}/")):
            told = caller.options(address)
            assert (told.status_code, set(methods) <= told.allow) == (204, True), (address, told.allow)
            answer = caller.open(address, method="LOCK")
            assert (answer.status_code, answer.allow.as_set()) == (405, told.allow.as_set()), address


def test_odd_ids_are_answered(app: Flask, api: Callable[..., Any], page: Callable[..., Any]) -> None:
    system, person = api("admin"), page("admin")
    for name, odd in ODD_IDS.items():
        for method, path in addresses(app, odd):
            if path.startswith("/api/"):
                answer = system.request(method, path, json={"reason": "to see what happens"})
            else:
                answer = person.client.open(path, method=method)
            assert 400 <= answer.status_code < 500, (name, method, path, answer.status_code)
