"""Verification: proving that a record's e-mail and mobile are the person's, by links and codes."""
