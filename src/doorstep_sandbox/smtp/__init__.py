"""A mail server on loopback that keeps the mails it receives."""
