"""Decide which location fulfills which line, and explain why."""
