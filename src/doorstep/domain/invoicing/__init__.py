"""Tax documents per shipment and per return."""
