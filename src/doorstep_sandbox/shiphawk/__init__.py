"""ShipHawk v4: rates, shipments with labels, tracking, webhooks with Basic auth."""
