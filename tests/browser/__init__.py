"""Show the console in a real browser. A package, so that its fixtures live as long as its tests."""
