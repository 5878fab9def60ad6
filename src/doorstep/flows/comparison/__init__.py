"""Compare what connections in shadow mode would have sent with what others did meanwhile."""
