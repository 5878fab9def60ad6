"""Configured accounts at partners, and what arrives from them."""
