"""Messages to customers, once per event."""
