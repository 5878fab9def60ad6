"""Amazon marketplaces: the Selling Partner API (SP-API), with notifications from a queue."""
