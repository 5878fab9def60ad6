"""Availability: what a channel may promise before an order exists.

1. available_to_promise answers how many units, and why not more; it also keeps availability rules worked out.
2. delivery_options answers when and at what cost a cart can arrive.
3. cart_reservations hold stock for carts and checkouts, for a limited time.
"""
