"""SQL of orders, one file per family of statements."""
