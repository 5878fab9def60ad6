"""Messages to customers, once per fact."""
