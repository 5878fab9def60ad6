"""Connections to partners, and the messages that arrive from them."""
