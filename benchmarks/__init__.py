"""How fast Record Room is, beside what the same server can do at best: `make bench`."""
