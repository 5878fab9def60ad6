"""Which location fulfils which line, and why."""
