"""Reads for screens, one file per screen; numbers are derived from facts at the moment of looking."""
