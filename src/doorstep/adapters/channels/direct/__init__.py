"""Orders that programs, tills and files give us in our own words: no vendor in between."""
