"""Shipping: labels, parcels and tracking.

1. consolidation combines fulfillment orders that ship together in one parcel and requests its label.
2. carrier_choice chooses the carrier; label_request builds the request: contents, weight, addresses.
3. ship buys the label outside any transaction, hands the parcel over and records tracking.
"""
