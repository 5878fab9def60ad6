"""Shiprocket: orders, AWBs, pickups, labels, tracking and unsigned webhooks."""
