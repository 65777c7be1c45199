"""Reports of tests that can always travel from a worker: tests of broken text leave it in their output."""

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write what no encoding can carry (lone surrogates) as escapes."""
    report = yield
    report.sections = [(name, _sendable(said)) for name, said in report.sections]
    if report.longrepr is not None and (told := str(report.longrepr)) != _sendable(told):
        report.longrepr = _sendable(told)
    return report


def _sendable(told: str) -> str:
    return told.encode("utf-8", "backslashreplace").decode("utf-8")
