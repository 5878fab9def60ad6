"""A mail server on loopback that keeps what it is sent."""
