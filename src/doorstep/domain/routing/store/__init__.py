"""SQL of routing, one file per family of statements."""
