"""What every partner server shares: calls, faults, outgoing webhooks, control routes, clock and limits."""
