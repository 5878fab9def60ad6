"""What `make bench` and `doorstep bench` run: rates of this machine, always beside a yardstick measured in the same run."""
