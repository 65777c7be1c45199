"""The garbage collector passes over what lives as long as a run: thousands of tests, and every module."""

import gc

import pytest

OBJECTS_BETWEEN_COLLECTIONS = 20_000


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Take all there is now out of what is judged again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
