"""SQL of stock; every lock on stock is taken here, in key order."""
