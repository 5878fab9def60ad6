"""Read the data of screens, one file per screen; numbers are computed at the time of the request."""
