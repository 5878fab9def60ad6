"""Sources of messages other than HTTP. Each imports its library only where it is used."""
