"""How good routing is: published and rebuilt families of instances, one engine, a bound that nobody can undercut."""
