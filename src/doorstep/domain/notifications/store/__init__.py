"""SQL of messages, and of what comes back about them."""
