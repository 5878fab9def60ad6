"""Shopify's shapes and ours, pure: one file per family of messages."""
