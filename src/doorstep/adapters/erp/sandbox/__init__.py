"""An accounting system in memory: connector template, demo partner and test double."""
