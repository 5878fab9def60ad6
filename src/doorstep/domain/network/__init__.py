"""Store the network: warehouses, stores, dark stores and 3PLs."""
