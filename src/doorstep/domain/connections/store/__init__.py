"""SQL of connections, one file per family of statements."""
