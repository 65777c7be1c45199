"""Which Record Room this is."""

VERSION = "0.1.0"
