"""Goods coming back: custody and money are separate."""
