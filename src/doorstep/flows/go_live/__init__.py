"""Whether a connection can go live, and going live."""
