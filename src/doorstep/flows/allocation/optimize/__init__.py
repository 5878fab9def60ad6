"""Improve unreleased fulfillment orders together, and price scarce stock ahead of demand."""
