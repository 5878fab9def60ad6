"""A messenger in memory: connector template, demo partner and test double."""
