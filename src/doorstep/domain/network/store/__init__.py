"""SQL of the network, one file per group of statements."""
