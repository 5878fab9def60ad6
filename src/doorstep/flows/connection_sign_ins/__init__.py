"""A person connects a connection by signing in at the vendor in the browser: the way there, and the way back."""
