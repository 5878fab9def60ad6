"""Returns: from the announcement to inspected goods.

1. create opens a return that a channel reported.
2. receive_returns books the pickup, receives and inspects the units; inspected units go back to stock.
"""
