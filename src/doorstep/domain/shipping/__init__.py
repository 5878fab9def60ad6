"""Parcels, labels and tracking."""
