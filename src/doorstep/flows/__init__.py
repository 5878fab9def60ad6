"""What happens, in the order of an order's life. Start at map.py, the table of contents."""
