"""The domain: one person's record."""
