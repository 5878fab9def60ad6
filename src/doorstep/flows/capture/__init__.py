"""Capture: turn what channels, partners and people send into orders and facts.

1. intake.read parses stored messages with their connector; intake.take gives all orders of a batch their effect.
2. approve.decide checks each new order and plans the ones that pass; the rest are held with a reason.
3. The orders are written once, in their final state; their allocation is applied in the same transaction.
4. Payments, refunds, returns and tracking of the same batch are recorded after the orders.
5. direct_orders does the same at once for orders from the API, a file or a POS.
"""
