"""Returns: where the goods are and what is owed are separate states."""
