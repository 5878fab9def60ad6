"""Connectors to the outside world: one folder each, found by bootstrap."""
