"""A sales channel in memory: connector template, demo partner and test double."""
