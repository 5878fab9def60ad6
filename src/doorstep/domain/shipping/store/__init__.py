"""SQL of parcels: shipments in them, their labels and tracking."""
