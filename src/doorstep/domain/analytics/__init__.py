"""Read data across modules, for screens."""
