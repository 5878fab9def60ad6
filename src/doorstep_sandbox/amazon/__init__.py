"""Amazon Selling Partner API: sign-in, orders of both versions, shipments, feeds, notifications on a queue, usage plans."""
