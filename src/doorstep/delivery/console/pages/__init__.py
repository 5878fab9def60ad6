"""The console's pages, one file each: what it asks the domain, and which verb a button is."""
