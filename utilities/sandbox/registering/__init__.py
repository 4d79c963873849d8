"""Companies: what they say of themselves, on pages and in both documents, and their review."""
