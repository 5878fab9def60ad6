"""Shared by all partner servers: calls, faults, outgoing webhooks, control routes, clock and limits."""
