"""Reads across modules, for screens."""
