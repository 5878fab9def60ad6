"""The technical base; knows nothing of retail."""
