"""The tests of Record Room."""
