"""A part of Shopify's Admin GraphQL API 2026-07, with its order webhooks."""
