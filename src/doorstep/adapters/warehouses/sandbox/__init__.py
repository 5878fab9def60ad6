"""A warehouse in memory: connector template, demo partner and test double."""
