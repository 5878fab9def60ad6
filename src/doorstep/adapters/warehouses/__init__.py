"""Warehouses of partners: who stores and ships for us."""
