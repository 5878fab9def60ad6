"""Shipping: labels, parcels and tracking.

1. consolidation combines fulfillment orders that ship together and requests their label.
2. label_request builds the request: contents, weight, addresses.
3. ship buys the label outside any transaction, hands the parcel over and records tracking.
"""
