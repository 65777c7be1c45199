"""Names, places, addresses and notes: how long they are, and whether they have lines and a letter."""

from app.core.text import TextRule

NAME = TextRule("The name", 2, 255, "The name needs at least 2 characters, one of them a letter", needs_letter=True)
PLACE = TextRule("The place of birth", 2, 255, "The place of birth needs at least 2 characters")
ADDRESS = TextRule("An address", 10, 1000, "An address has at least 10 characters", has_lines=True)
REASON = TextRule("The reason", 5, 500, "The reason needs at least 5 characters", has_lines=True)
SEARCH = TextRule("The search text", 2, 100, "Type at least 2 characters")
