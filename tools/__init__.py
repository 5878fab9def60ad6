"""Tools for people who work on Doorstep; the package never imports them."""
