"""SQL of fulfillment orders."""
