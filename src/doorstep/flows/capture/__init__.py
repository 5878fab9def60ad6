"""Capture: turn what channels, partners and people send into orders and events.

1. intake.read parses stored messages with their connector; intake.capture_orders applies all orders of a batch.
2. approve.check_new checks each new order and plans the ones that pass; the rest are held with a reason.
3. The orders are written once, in their final state; their allocation is applied in the same transaction.
4. Payments, refunds, returns and tracking of the same batch are recorded after the orders.
5. direct_orders does the same at once for orders from the API, a file or a POS.
"""
