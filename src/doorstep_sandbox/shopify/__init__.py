"""Shopify's Admin GraphQL API 2026-07 in part, with the webhooks of an order's life."""
