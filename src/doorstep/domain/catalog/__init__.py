"""What is sold: SKUs with their weight, tax and price."""
