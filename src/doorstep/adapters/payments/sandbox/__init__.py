"""A payment gateway in memory: connector template, demo partner and test double."""
