"""Fulfillment orders: the work of one location for one order."""
