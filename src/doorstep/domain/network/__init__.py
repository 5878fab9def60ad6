"""Where goods are: warehouses, stores, dark stores and 3PLs."""
