"""Partner servers for demo and tests; doorstep never imports this package."""
