"""A room with a real server in it, whose log is read."""

from tests.faults.conftest import room

__all__ = ["room"]
