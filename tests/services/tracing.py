"""Coverage: what a test on the second engine runs again is not traced again, since tracing is a third of the work."""

from collections.abc import Generator
from typing import Any

import pytest

SECOND = "mariadb"
TRACED_ELSEWHERE = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which tests on the second engine run on the first too: the others are the only ones to see their lines."""
    first = {_rule(item) for item in items if _engine(item) not in (None, SECOND)}
    for item in items:
        item.stash[TRACED_ELSEWHERE] = _engine(item) == SECOND and _rule(item) in first


def _engine(item: pytest.Item) -> Any:
    spec = getattr(item, "callspec", None)
    return spec.params.get("engine_name") if spec else None


def _rule(item: pytest.Item) -> tuple[str, str]:
    return str(item.path), getattr(item, "originalname", item.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Pause the tracer around a test whose lines are traced elsewhere."""
    plugin: Any = item.config.pluginmanager.getplugin("_cov")
    tracer = getattr(plugin, "cov_controller", None)
    if tracer is None or not item.stash[TRACED_ELSEWHERE]:
        return (yield)
    tracer.pause()
    try:
        return (yield)
    finally:
        tracer.resume()
