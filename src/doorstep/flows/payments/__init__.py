"""Payments: match what was paid with its order, refund what is owed, exactly once.

1. match_order finds the order of a reported payment, by sales channel and order id; an unclear one is a dead letter.
2. A refund is requested when a return is inspected.
3. refund asks the gateway outside any transaction, after looking up what it already did.
4. What nobody can know is in doubt and waits for a person.
"""
