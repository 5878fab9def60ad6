"""Doorstep, an order management system: one place for orders from every channel and one true view of stock."""

__version__ = "0.1.0"
