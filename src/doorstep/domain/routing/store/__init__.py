"""SQL of routing, one file per group of statements."""
