"""Carriers and aggregators: labels, pickups and tracking; one folder per vendor."""
