"""SQL of stock; all locks on stock are taken here, in key order."""
