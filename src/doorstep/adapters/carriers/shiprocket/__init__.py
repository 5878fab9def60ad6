"""Shiprocket: an aggregator of Indian couriers, for parcels out and return pickups."""
