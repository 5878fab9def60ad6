"""Map Shopify's messages, pure: one file per family."""
