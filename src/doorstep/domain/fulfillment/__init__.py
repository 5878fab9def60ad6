"""The work of one location for one order: accept, pick, pack, hand over."""
