"""The order: what a customer asked for, and how far each line has come."""
