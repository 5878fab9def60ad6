"""Partner servers for the demo, rehearsals and tests; doorstep never imports this package."""
