"""Payments: give back what is owed, exactly once.

1. A refund is requested when a return is inspected.
2. refund asks the gateway outside any transaction, after looking up what it already did.
3. What nobody can know is in doubt and waits for a person.
"""
