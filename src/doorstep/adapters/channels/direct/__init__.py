"""Orders in Doorstep's own format, from programs, POS systems and files."""
