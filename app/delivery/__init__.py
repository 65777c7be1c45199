"""Delivery: the other end of what commits left behind: the worker, and the letters it mails."""
