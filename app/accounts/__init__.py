"""Accounts: everybody and everything that signs in."""
