"""The catalog: SKUs with weight, tax and price."""
