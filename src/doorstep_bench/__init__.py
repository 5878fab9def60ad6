"""Benchmarks of `make bench` and `doorstep bench`: rates, compared with a reference of the same run."""
