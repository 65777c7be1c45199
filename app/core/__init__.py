"""Safeguards: one small module each; none of them knows a feature."""
