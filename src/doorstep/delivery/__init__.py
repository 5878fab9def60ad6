"""The front doors: hooks, API, console, tracking page, worker and command line."""
