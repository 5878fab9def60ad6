"""Orders: what a customer bought, and the progress of each line."""
