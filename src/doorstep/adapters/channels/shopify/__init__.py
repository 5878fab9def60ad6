"""Shopify: webhooks in, GraphQL Admin API (2026-07) out."""
