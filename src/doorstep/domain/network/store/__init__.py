"""SQL of the network, one family of statements per file."""
