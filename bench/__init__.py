"""What `make bench` runs: rates of this machine, always beside a yardstick measured in the same run."""
