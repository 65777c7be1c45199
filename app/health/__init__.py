"""Whether the service lives, can work, and how much it does."""
