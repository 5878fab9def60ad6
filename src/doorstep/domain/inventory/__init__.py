"""The stock ledger: movements and the counters that follow from them."""
