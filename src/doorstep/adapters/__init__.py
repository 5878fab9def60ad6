"""Connectors to partners: one folder each, discovered by bootstrap."""
